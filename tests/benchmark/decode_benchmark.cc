// Decode/<cell>/<layers>x<hidden>/V<characters>/S<streams>/<precision>/threads:<n>: steps of
// many streams at once, with sampling. Each thread takes its share of the streams.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/worker_pool.h"
#include "core/generate/sampler.h"
#include "core/math/random.h"
#include "core/nn/initialization.h"
#include "core/nn/network.h"
#include "tests/benchmark/benchmarks.h"

namespace runnel {
namespace {

struct DecodeCase {
  NetworkConfig network;
  int vocabulary_size;
  int streams;  // a multiple of `threads`
  DecodePrecision precision = DecodePrecision::kF32;
  int threads = 1;
};

void Decode(benchmark::State& state, const DecodeCase& c) {
  const auto network = MakeNetwork<float>(c.network, c.vocabulary_size);
  std::vector<float> parameters(network->layout().size());
  InitializeParameters(*network, Initialization::kUniformFanHidden, 1, parameters.data());
  const auto decoder = network->NewDecoder(parameters.data(), c.precision);
  std::vector<std::vector<float>> states(c.streams, std::vector<float>(decoder->state_size()));
  std::vector<float*> columns;
  for (std::vector<float>& column : states) columns.push_back(column.data());
  std::vector<int32_t> ids(c.streams);
  std::vector<float> logits(c.streams * c.vocabulary_size);
  struct Worker {
    DecodeScratch<float> scratch;
    Sampler sampler;
  };
  std::vector<Worker> workers(c.threads);
  WorkerPool pool(c.threads);
  const int share = c.streams / c.threads;
  uint64_t position = 0;
  const double operations = 2 * ForwardMultiplyAdds(c.network, c.vocabulary_size);
  // Decoding in bf16 stores the weights in bf16 but multiplies in f32.
  const Arithmetic arithmetic =
      c.precision == DecodePrecision::kInt8 ? Arithmetic::kBytes : Arithmetic::kF32;
  const auto write = [&](int i) {
    Worker& worker = workers[i];
    const int first = i * share;
    decoder->Step(absl::MakeConstSpan(ids).subspan(first, share),
                  absl::MakeConstSpan(columns).subspan(first, share),
                  &logits[first * c.vocabulary_size], &worker.scratch);
    for (int s = first; s < first + share; ++s) {
      const absl::Span<const float> row(&logits[s * c.vocabulary_size], c.vocabulary_size);
      ids[s] = worker.sampler.Next(row, {}, {}, RandomUniform(1, s, position), {}, {}).id;
    }
  };
  RunSteps(state, arithmetic, c.threads, c.streams, operations, [&] {
    pool.Run(c.threads, write);
    ++position;
  });
}

}  // namespace

void RegisterDecodeBenchmarks() {
  std::vector<DecodeCase> cases;
  for (const CellType cell :
       {CellType::kLstm, CellType::kRnnTanh, CellType::kGruResetBefore, CellType::kGruResetAfter}) {
    for (const int hidden : {128, 512}) {
      for (const int streams : {1, 16, 64}) {
        for (const DecodePrecision precision : kDecodePrecisions) {
          cases.push_back({{cell, 2, hidden}, 65, streams, precision});
          if (streams == 64) {
            cases.push_back({{cell, 2, hidden}, 65, streams, precision, /*threads=*/2});
          }
        }
      }
    }
  }
  for (const DecodeCase& c : cases) {
    const std::string name = absl::StrCat(
        "Decode/", std::string(CellTypeName(c.network.cell)), "/", c.network.num_layers, "x",
        c.network.hidden_size, "/V", c.vocabulary_size, "/S", c.streams, "/",
        std::string(DecodePrecisionName(c.precision)), "/threads:", c.threads);
    benchmark::RegisterBenchmark(name.c_str(), Decode, c)->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace runnel
