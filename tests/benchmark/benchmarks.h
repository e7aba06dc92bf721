// Declares the parts that the benchmarks share.
#ifndef RUNNEL_TESTS_BENCHMARK_BENCHMARKS_H_
#define RUNNEL_TESTS_BENCHMARK_BENCHMARKS_H_

#include <benchmark/benchmark.h>

#include <chrono>

#include "core/nn/cells/cell.h"
#include "core/nn/network_config.h"
#include "tests/benchmark/peak.h"

namespace runnel {

void RegisterTrainBenchmarks();
void RegisterDecodeBenchmarks();

// The number of multiply-adds that it takes to get from one character to its logits. Looking up a
// one-hot input takes none.
inline double ForwardMultiplyAdds(const NetworkConfig& config, int vocabulary_size) {
  const CellShape& cell = GetCell<float>(config.cell).shape;
  const double hidden = config.hidden_size;
  const double recurrent = config.num_layers * cell.recurrent_rows() * hidden * hidden;
  const double between_layers = (config.num_layers - 1) * cell.input_rows * hidden * hidden;
  return recurrent + between_layers + hidden * vocabulary_size;
}

// Runs `step` for as long as the benchmark asks and sets the counters `chars_per_second` and
// `peak_fraction`, by the wall clock; the peak is that of `arithmetic`. (google-benchmark's own
// rates would use the calling thread's time, or would make the case's name longer.) A step handles
// `chars` characters with `operations` operations each.
template <typename Step>
void RunSteps(benchmark::State& state, Arithmetic arithmetic, int threads, double chars,
              double operations, const Step& step) {
  const double peak = Peak(arithmetic, threads);
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) step();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  const double rate = chars * static_cast<double>(state.iterations()) / taken.count();
  state.counters["chars_per_second"] = rate;
  state.counters["peak_fraction"] = rate * operations / peak;
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_BENCHMARKS_H_
