#include "tests/benchmark/studies/protocols.h"

#include <algorithm>

namespace runnel {
namespace {

// Returns the summed nats of `lanes` consecutive stretches of `symbols` characters that start at
// `begin`. Each stretch is read from the zero state.
double SumOfLanes(const Network<float>& network, const Network<float>::PackedWeights& packed,
                  const Corpus& corpus, int64_t begin, int64_t symbols, int64_t lanes) {
  const auto activations = network.NewActivations(kColdWindow, static_cast<int>(lanes));
  auto states = network.NewStates(static_cast<int>(lanes));
  std::vector<int32_t> inputs(kColdWindow * lanes);
  std::vector<int32_t> targets(kColdWindow * lanes);
  double sum = 0;
  for (int64_t done = 0; done < symbols; done += kColdWindow) {
    const int steps = static_cast<int>(std::min(kColdWindow, symbols - done));
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const int64_t place = begin + lane * symbols + done;
      corpus.CopyIds(place, steps, lanes, inputs.data() + lane);
      corpus.CopyIds(place + 1, steps, lanes, targets.data() + lane);
    }
    network.Forward(packed, {.inputs = inputs.data(), .steps = steps}, &states, activations.get());
    sum += network.Loss(targets.data(), steps, 0, activations.get());
  }
  return sum;
}

}  // namespace

double StatefulLoss(const Network<float>& network, const std::vector<float>& parameters,
                    const Corpus& corpus, CorpusRange range) {
  const auto packed = network.NewPackedWeights();
  network.Pack(parameters.data(), nullptr, packed.get());
  const int64_t targets = range.size() - 1;
  return SumOfLanes(network, *packed, corpus, range.begin, targets, 1) /
         static_cast<double>(targets);
}

double ColdLoss(const Network<float>& network, const std::vector<float>& parameters,
                const Corpus& corpus, CorpusRange range, WorkerPool* pool) {
  constexpr int64_t kLanes = 64;
  const auto packed = network.NewPackedWeights();
  network.Pack(parameters.data(), nullptr, packed.get());
  const int64_t windows = (range.size() - 1) / kColdWindow;
  std::vector<double> sums((windows + kLanes - 1) / kLanes);
  pool->Run(static_cast<int>(sums.size()), [&](int i) {
    const int64_t first = i * kLanes;
    sums[i] = SumOfLanes(network, *packed, corpus, range.begin + first * kColdWindow, kColdWindow,
                         std::min(kLanes, windows - first));
  });
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum / static_cast<double>(windows * kColdWindow);
}

}  // namespace runnel
