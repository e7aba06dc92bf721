#include "core/generate/sampler.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "absl/strings/str_cat.h"
#include "core/base/number_text.h"
#include "core/math/softmax_kernels.h"

namespace runnel {
namespace {

constexpr size_t kBlock = 8;

bool IsAllowed(absl::Span<const uint8_t> allowed, size_t id) {
  return allowed.empty() || allowed[id] != 0;
}

template <typename Real>
int32_t LikeliestOf(absl::Span<const Real> values, absl::Span<const uint8_t> allowed) {
  int32_t likeliest = -1;
  for (size_t id = 0; id < values.size(); ++id) {
    if (!IsAllowed(allowed, id)) continue;
    if (likeliest < 0 || values[id] > values[likeliest]) likeliest = static_cast<int32_t>(id);
  }
  return likeliest;
}

}  // namespace

void Validate(const SamplerOptions& options, Violations* violations) {
  if (!(options.temperature >= 0) || std::isinf(options.temperature)) {
    violations->Add("temperature", absl::StrCat("is ", NumberText(options.temperature),
                                                "; must be 0 or more, and finite"));
  }
  if (options.top_k && *options.top_k < 1) {
    violations->Add("top_k", absl::StrCat("is ", *options.top_k, "; must be 1 or more"));
  }
  if (!(options.top_p > 0 && options.top_p <= 1)) {
    violations->Add("top_p",
                    absl::StrCat("is ", NumberText(options.top_p), "; must be above 0, at most 1"));
  }
  violations->CheckRange<float>("min_p", options.min_p, 0, 1);
}

template <typename Real>
Draw Sampler::Next(absl::Span<const Real> logits, const SamplerOptions& options,
                   absl::Span<const LogitOffset> offsets, double uniform,
                   absl::Span<const uint8_t> allowed, absl::Span<const uint8_t> own_allowed) {
  absl::Span<const double> scores;
  if (!offsets.empty()) {
    scores_.assign(logits.begin(), logits.end());
    for (const LogitOffset& offset : offsets) scores_[offset.id] += offset.nats;
    scores = scores_;
  }
  if (options.temperature == 0) {
    const int32_t id =
        offsets.empty() ? LikeliestOf(logits, allowed) : LikeliestOf(scores, allowed);
    Weigh(logits, 1, own_allowed);
    Sum();
    // Computed from the logit, because the weight may underflow to 0.
    return {.id = id, .logprob = logits[id] - max_ - std::log(sum_)};
  }
  if (offsets.empty()) {
    Weigh(logits, options.temperature, allowed);
  } else {
    Weigh(scores, options.temperature, allowed);
  }
  Filter(options);
  Sum();
  const int32_t id = Pick(uniform);
  return {.id = id, .logprob = Logprob(id)};
}

template Draw Sampler::Next(absl::Span<const float>, const SamplerOptions&,
                            absl::Span<const LogitOffset>, double, absl::Span<const uint8_t>,
                            absl::Span<const uint8_t>);
template Draw Sampler::Next(absl::Span<const double>, const SamplerOptions&,
                            absl::Span<const LogitOffset>, double, absl::Span<const uint8_t>,
                            absl::Span<const uint8_t>);

template <typename Real>
void Sampler::Weigh(absl::Span<const Real> values, double temperature,
                    absl::Span<const uint8_t> allowed) {
  const auto count = static_cast<int64_t>(values.size());
  // The weights fill whole blocks; those beyond the values stay 0.
  weights_.resize((values.size() + kBlock - 1) / kBlock * kBlock);
  std::fill(weights_.begin() + count, weights_.end(), 0);
  const Real max =
      allowed.empty() ? MaxOf(values.data(), count) : values[LikeliestOf(values, allowed)];
  max_ = max;
  // The maximum is subtracted before the division by the temperature, so the likeliest id's weight
  // is 1 whatever the temperature. Ids that are not allowed may exceed the maximum; their weights
  // mean nothing until they are set to 0.
  SoftmaxWeights(values.data(), count, max, temperature > 0 ? 1 / temperature : 1, weights_.data());
  for (size_t id = 0; id < allowed.size(); ++id) {
    if (allowed[id] == 0) weights_[id] = 0;
  }
}

void Sampler::Filter(const SamplerOptions& options) {
  if (options.top_k && *options.top_k < static_cast<int64_t>(weights_.size())) {
    KeepTopK(static_cast<size_t>(*options.top_k));
  }
  if (options.top_p < 1) KeepTopP(options.top_p);
  if (options.min_p > 0) {
    for (double& weight : weights_) {
      if (weight < options.min_p) weight = 0;  // the likeliest id stays, since its weight is 1
    }
  }
}

void Sampler::KeepTopK(size_t count) {
  ListCandidates();
  if (count >= candidates_.size()) return;
  const auto last = candidates_.begin() + static_cast<int64_t>(count) - 1;
  std::nth_element(candidates_.begin(), last, candidates_.end());
  DropAfter(*last);
}

void Sampler::KeepTopP(double share) {
  ListCandidates();
  double sum = 0;
  for (const Candidate& candidate : candidates_) sum += candidate.weight;
  // A heap with the likeliest on top instead of a sort, because a few of them usually have most of
  // the probability.
  std::make_heap(candidates_.begin(), candidates_.end(), std::greater<>());
  double cumulative = 0;
  for (auto end = candidates_.end(); end != candidates_.begin(); --end) {
    const Candidate likeliest = candidates_.front();
    cumulative += likeliest.weight;
    if (cumulative >= share * sum) return DropAfter(likeliest);
    std::pop_heap(candidates_.begin(), end, std::greater<>());
  }
}

void Sampler::ListCandidates() {
  candidates_.clear();
  for (size_t id = 0; id < weights_.size(); ++id) {
    if (weights_[id] > 0) candidates_.push_back({weights_[id], static_cast<int32_t>(id)});
  }
}

void Sampler::DropAfter(const Candidate& last) {
  for (size_t id = 0; id < weights_.size(); ++id) {
    if (last < Candidate{weights_[id], static_cast<int32_t>(id)}) weights_[id] = 0;
  }
}

void Sampler::Sum() {
  sums_.resize(weights_.size() / kBlock);
  double sum = 0;
  for (size_t block = 0; block < sums_.size(); ++block) {
    const double* w = &weights_[block * kBlock];
    sums_[block] = sum;
    sum += ((w[0] + w[1]) + (w[2] + w[3])) + ((w[4] + w[5]) + (w[6] + w[7]));
  }
  sum_ = sum;
}

int32_t Sampler::Pick(double uniform) const {
  const double target = uniform * sum_;
  // Find the last block before which the cumulative weight is at most the target.
  size_t block = sums_.size() - 1;
  while (block > 0 && sums_[block] > target) --block;
  double cumulative = sums_[block];
  int32_t picked = -1;
  for (size_t id = block * kBlock; id < (block + 1) * kBlock; ++id) {
    if (weights_[id] == 0) continue;
    cumulative += weights_[id];
    picked =
        static_cast<int32_t>(id);  // stays the last one if rounding puts the target out of reach
    if (cumulative > target) break;
  }
  // A block at the end may have no weight: then take the last id before it that has some.
  for (size_t id = block * kBlock; picked < 0 && id-- > 0;) {
    if (weights_[id] != 0) picked = static_cast<int32_t>(id);
  }
  return std::max(picked, 0);
}

double Sampler::Logprob(int32_t id) const { return std::log(weights_[id] / sum_); }

std::vector<Draw> Sampler::Likeliest(int count, absl::Span<const uint8_t> wanted) const {
  std::vector<Draw> likeliest;
  const auto likelier = [this](const Draw& a, const Draw& b) {
    return weights_[a.id] != weights_[b.id] ? weights_[a.id] > weights_[b.id] : a.id < b.id;
  };
  for (size_t id = 0; id < weights_.size(); ++id) {
    if (weights_[id] > 0 && IsAllowed(wanted, id)) {
      likeliest.push_back({.id = static_cast<int32_t>(id)});
    }
  }
  const size_t kept = std::min<size_t>(count, likeliest.size());
  std::partial_sort(likeliest.begin(), likeliest.begin() + kept, likeliest.end(), likelier);
  likeliest.resize(kept);
  for (Draw& draw : likeliest) draw.logprob = Logprob(draw.id);
  return likeliest;
}

}  // namespace runnel
