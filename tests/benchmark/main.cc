#include <benchmark/benchmark.h>

#include "tests/benchmark/benchmarks.h"
#include "tests/testing/instruction_set.h"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  if (!runnel::LimitInstructionSetByEnvironment()) return 2;
  runnel::RegisterTrainBenchmarks();
  runnel::RegisterDecodeBenchmarks();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
