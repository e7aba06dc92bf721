// The two protocols by which losses of language models are reported.
#ifndef RUNNEL_TESTS_BENCHMARK_STUDIES_PROTOCOLS_H_
#define RUNNEL_TESTS_BENCHMARK_STUDIES_PROTOCOLS_H_

#include <cstdint>
#include <vector>

#include "core/base/worker_pool.h"
#include "core/nn/network.h"
#include "core/text/corpus.h"

namespace runnel {

// Characters of a cold window.
inline constexpr int64_t kColdWindow = 256;

// Nats a character of `range`, predicted one after the other in one pass from the zero state, the
// state carried; the first is read only.
double StatefulLoss(const Network<float>& network, const std::vector<float>& parameters,
                    const Corpus& corpus, CorpusRange range);

// In windows that each predict kColdWindow characters from the zero state, as nanoGPT evaluates;
// what does not fill one is left out. `range` has more than kColdWindow characters.
double ColdLoss(const Network<float>& network, const std::vector<float>& parameters,
                const Corpus& corpus, CorpusRange range, WorkerPool* pool);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_STUDIES_PROTOCOLS_H_
