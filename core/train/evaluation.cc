#include "core/train/evaluation.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "core/train/shard.h"

namespace runnel {
namespace {

constexpr int64_t kLaneSymbolsMin = 512;
constexpr uint64_t kMaskSeed = 0;

// The number of symbols among `steps` that are predicted.
template <typename Real>
int64_t TargetsOf(const Network<Real>& network, int64_t steps) {
  if (!network.bidirectional()) return steps;
  return MaskedSymbols(static_cast<int>(steps), kMaskFractionDefault);
}

// Reads `lanes` lanes of `lane_symbols` symbols each, of which the first begins at `begin`. Returns
// the sum of the cross-entropies in nats, only of some symbols if interrupted.
template <typename Real>
double EvaluateLanes(const Network<Real>& network,
                     const typename Network<Real>::PackedWeights& weights, const Corpus& corpus,
                     int64_t begin, int64_t lane_symbols, int64_t lanes,
                     Interruption* interruption) {
  const auto activations =
      network.NewActivations(static_cast<int>(kEvaluationSteps), static_cast<int>(lanes));
  LaneStates<Real> states = network.NewStates(static_cast<int>(lanes));
  std::vector<int32_t> inputs(kEvaluationSteps * lanes);
  std::vector<int32_t> targets(kEvaluationSteps * lanes);
  const std::optional<int32_t> end_of_document = corpus.vocabulary().EndOfDocumentId();
  std::vector<uint8_t> resets(end_of_document ? inputs.size() : 0);
  double sum = 0;
  for (int64_t done = 0; done < lane_symbols; done += kEvaluationSteps) {
    const int64_t steps = std::min(kEvaluationSteps, lane_symbols - done);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const int64_t start = begin + lane * lane_symbols + done;
      corpus.CopyIds(start, steps, lanes, inputs.data() + lane);
      // As in training, the network is told where documents end even if that symbol is hidden.
      for (size_t i = lane; i < resets.size(); i += lanes) resets[i] = inputs[i] == end_of_document;
      if (network.bidirectional()) {
        MaskWindow(kMaskSeed, start, static_cast<int>(steps),
                   static_cast<int>(TargetsOf(network, steps)), end_of_document, lanes,
                   inputs.data() + lane, targets.data() + lane);
      } else {
        corpus.CopyIds(start + 1, steps, lanes, targets.data() + lane);
      }
    }
    if (network.bidirectional()) states.SetZero();
    network.Forward(weights,
                    {.inputs = inputs.data(),
                     .steps = static_cast<int>(steps),
                     .resets = resets.empty() ? nullptr : resets.data(),
                     .interruption = interruption},
                    &states, activations.get());
    if (IsInterrupted(interruption)) break;
    sum += network.Loss(targets.data(), static_cast<int>(steps), Real{0}, activations.get());
  }
  return sum;
}

}  // namespace

template <typename Real>
std::optional<double> Evaluate(const Network<Real>& network,
                               const typename Network<Real>::PackedWeights& weights,
                               const Corpus& corpus, CorpusRange range, WorkerPool* pool,
                               Interruption* interruption) {
  const int64_t symbols = std::min(range.size(), kEvaluationSymbolsMax) - 1;
  const int64_t lanes = std::clamp<int64_t>(symbols / kLaneSymbolsMin, 1, kEvaluationLanesMax);
  const int64_t lane_symbols = symbols / lanes;
  const int64_t shards = (lanes + kShardLanes - 1) / kShardLanes;
  std::vector<double> sums(shards);
  pool->Run(static_cast<int>(shards), [&](int i) {
    const int64_t first = lanes * i / shards;
    const int64_t last = lanes * (i + 1) / shards;
    sums[i] = EvaluateLanes(network, weights, corpus, range.begin + first * lane_symbols,
                            lane_symbols, last - first, interruption);
  });
  if (interruption != nullptr && interruption->interrupted()) return std::nullopt;
  double sum = 0;
  for (const double shard : sums) sum += shard;
  const int64_t rest = lane_symbols % kEvaluationSteps;
  const int64_t lane_targets =
      lane_symbols / kEvaluationSteps * TargetsOf(network, kEvaluationSteps) +
      (rest > 0 ? TargetsOf(network, rest) : 0);
  return sum / static_cast<double>(lane_targets * lanes);
}

template std::optional<double> Evaluate(const Network<float>&, const Network<float>::PackedWeights&,
                                        const Corpus&, CorpusRange, WorkerPool*, Interruption*);
template std::optional<double> Evaluate(const Network<double>&,
                                        const Network<double>::PackedWeights&, const Corpus&,
                                        CorpusRange, WorkerPool*, Interruption*);

}  // namespace runnel
