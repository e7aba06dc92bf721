// How well a network predicts a stretch of a corpus that it was not trained on.
#ifndef RUNNEL_CORE_TRAIN_EVALUATION_H_
#define RUNNEL_CORE_TRAIN_EVALUATION_H_

#include <cstdint>
#include <optional>

#include "core/base/interruption.h"
#include "core/base/worker_pool.h"
#include "core/nn/network.h"
#include "core/text/corpus.h"
#include "core/train/masking.h"

namespace runnel {

// The fewest symbols that can be evaluated: one character and the next.
inline constexpr int64_t kEvaluationSymbolsMin = 2;
// A longer stretch is evaluated this far only: enough for the third decimal, and never minutes.
inline constexpr int64_t kEvaluationSymbolsMax = 1 << 19;
// Lanes that are read side by side, at most, and steps at once.
inline constexpr int64_t kEvaluationLanesMax = 32;
inline constexpr int64_t kEvaluationSteps = kMaskedWindowDefault;

// The mean cross-entropy, nats a predicted character.
//
// A bidirectional network predicts 15 % of the characters, always the same ones, of windows of 64
// that it reads each by itself, whatever the windows and the share it was trained with. For a
// one-directional one the stretch is read as up to 32 lanes side by side, each from the zero state
// and at least 512 symbols long, the state carried to the lane's end; so the result lies a little
// above that of one pass. Results are the same for any number of threads.
//
// Returns nothing if interrupted; each thread of the pool asks at each step of each layer.
template <typename Real>
std::optional<double> Evaluate(const Network<Real>& network,
                               const typename Network<Real>::PackedWeights& weights,
                               const Corpus& corpus, CorpusRange range, WorkerPool* pool,
                               Interruption* interruption);
template <typename Real>
double Evaluate(const Network<Real>& network, const typename Network<Real>::PackedWeights& weights,
                const Corpus& corpus, CorpusRange range, WorkerPool* pool) {
  return *Evaluate(network, weights, corpus, range, pool, /*interruption=*/nullptr);
}

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_EVALUATION_H_
