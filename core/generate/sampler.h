// Draws one symbol from a model's logits.
#ifndef RUNNEL_CORE_GENERATE_SAMPLER_H_
#define RUNNEL_CORE_GENERATE_SAMPLER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "core/base/violations.h"

namespace runnel {

struct Draw {
  int32_t id = 0;
  double logprob =
      0;  // nats, under the distribution it was drawn from (temperature 0: the model's own)
};

// The options that shape the distribution. They apply in this order, after the offsets and the
// allowed ids: temperature, top_k, top_p (of the ids that top_k left), min_p.
struct SamplerOptions {
  float temperature = 1;  // >= 0, finite; 0 takes the likeliest
  // Only this many of the likeliest ids, the lowest ones of a tie; >= 1. None: all.
  std::optional<int32_t> top_k;
  // Only the smallest set of likeliest ids that holds this share of the probability: (0, 1].
  float top_p = 1;
  float min_p = 0;  // only ids that have this share of the likeliest one's probability: [0, 1]
};

// Adds a violation for each field that is out of its range, under its own name.
void Validate(const SamplerOptions& options, Violations* violations);

// Nats to add to an id's logit.
struct LogitOffset {
  int32_t id;
  double nats;
};

// Not thread-safe: it keeps buffers.
class Sampler {
 public:
  // Draws an id from `logits`, which must be finite. The distribution is the softmax of the logits
  // as `offsets` and `options` change them, over the ids whose `allowed` is not 0, or over all if
  // `allowed` is empty; at least one id must be allowed. `uniform`, in [0, 1), picks the first id,
  // in id order, whose cumulative probability exceeds it. Temperature 0 picks the likeliest id, the
  // lowest on a tie: `offsets` and `allowed` decide which one that is, but its log-probability is
  // the model's own, of the bare logits over `own_allowed`.
  template <typename Real>
  Draw Next(absl::Span<const Real> logits, const SamplerOptions& options,
            absl::Span<const LogitOffset> offsets, double uniform,
            absl::Span<const uint8_t> allowed, absl::Span<const uint8_t> own_allowed);

  // An id's log-probability in the last draw's distribution, in nats; -infinity for an id that
  // could not be drawn.
  double Logprob(int32_t id) const;
  // The likeliest ids of the last draw's distribution, at most `count`, among those that could be
  // drawn and for which `wanted` is not 0, or all if `wanted` is empty. The likeliest comes first,
  // the lowest on a tie.
  std::vector<Draw> Likeliest(int count, absl::Span<const uint8_t> wanted) const;

 private:
  // Sets weights_ to those of softmax(values / temperature) over `allowed`.
  template <typename Real>
  void Weigh(absl::Span<const Real> values, double temperature, absl::Span<const uint8_t> allowed);
  // An id that can be drawn. The likeliest sorts first, the lowest on a tie.
  struct Candidate {
    double weight;
    int32_t id;
    friend bool operator<(const Candidate& a, const Candidate& b) {
      return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
    }
    friend bool operator>(const Candidate& a, const Candidate& b) { return b < a; }
  };

  // Sets the weights of the ids that the options filter out to 0.
  void Filter(const SamplerOptions& options);
  void KeepTopK(size_t count);
  void KeepTopP(double share);
  void ListCandidates();
  // Sets the weights of the ids that come after `last` to 0.
  void DropAfter(const Candidate& last);
  // Sums the weights in an order that depends only on their number.
  void Sum();
  int32_t Pick(double uniform) const;

  std::vector<double> weights_;  // [V], not normalised; the likeliest has 1
  std::vector<double> sums_;     // before each block of weights
  double sum_ = 0;
  double max_ = 0;                     // of the scores
  std::vector<double> scores_;         // [V], logits with their offsets
  std::vector<Candidate> candidates_;  // while filtering
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SAMPLER_H_
