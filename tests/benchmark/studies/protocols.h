// The two protocols by which losses of language models are reported.
#ifndef RUNNEL_TESTS_BENCHMARK_STUDIES_PROTOCOLS_H_
#define RUNNEL_TESTS_BENCHMARK_STUDIES_PROTOCOLS_H_

#include <cstdint>
#include <vector>

#include "core/base/worker_pool.h"
#include "core/nn/network.h"
#include "core/text/corpus.h"

namespace runnel {

// The number of characters of a cold window.
inline constexpr int64_t kColdWindow = 256;

// Returns the nats a character of `range`, predicted in one pass that starts from the zero state
// and carries the state along. The first character is read but not predicted.
double StatefulLoss(const Network<float>& network, const std::vector<float>& parameters,
                    const Corpus& corpus, CorpusRange range);

// Returns the nats a character in windows that each predict kColdWindow characters from the zero
// state, as nanoGPT evaluates. Characters that do not fill a window are left out. `range` must have
// more than kColdWindow characters.
double ColdLoss(const Network<float>& network, const std::vector<float>& parameters,
                const Corpus& corpus, CorpusRange range, WorkerPool* pool);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_STUDIES_PROTOCOLS_H_
