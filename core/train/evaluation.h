// Measures how well a network predicts a part of a corpus that it was not trained on.
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

// The fewest symbols that can be evaluated: a character and the next one.
inline constexpr int64_t kEvaluationSymbolsMin = 2;
// Only so many symbols of a longer part are evaluated. They suffice for three decimals and never
// take minutes.
inline constexpr int64_t kEvaluationSymbolsMax = 1 << 19;
// The most lanes that are read at the same time, and the steps of a batch.
inline constexpr int64_t kEvaluationLanesMax = 32;
inline constexpr int64_t kEvaluationSteps = kMaskedWindowDefault;

// Returns the mean cross-entropy in nats per predicted character.
//
// A bidirectional network reads separate windows of 64 characters and predicts 15 % of them, always
// the same ones, whatever windows and share it was trained with. A one-directional network reads
// the part as up to 32 lanes at the same time. Each lane has at least 512 symbols, starts from the
// zero state and carries its state to its end. The result is therefore a little higher than that of
// one pass. It is the same for any number of threads.
//
// Returns nothing if interrupted. Each thread of the pool asks at each step of each layer.
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
