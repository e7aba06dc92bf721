// Decode/<cell>/<layers>x<hidden>/V<characters>/S<streams>/<precision>/threads:<n>: steps of
// streams side by side, with sampling.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/generate/sampler.h"
#include "core/math/random.h"
#include "core/nn/network.h"
#include "tests/benchmark/benchmarks.h"

namespace runnel {
namespace {

struct DecodeCase {
  NetworkConfig network;
  int vocabulary_size;
  int streams;
  DecodePrecision precision = DecodePrecision::kF32;
};

void Decode(benchmark::State& state, const DecodeCase& c) {
  const auto network = MakeNetwork<float>(c.network, c.vocabulary_size);
  std::vector<float> parameters(network->layout().size());
  InitializeParameters(network->layout(), Initialization::kUniformFanHidden, c.network.hidden_size,
                       1, parameters.data());
  const auto decoder = network->NewDecoder(parameters.data(), c.precision);
  std::vector<std::vector<float>> states(c.streams, std::vector<float>(decoder->state_size()));
  std::vector<float*> columns;
  for (std::vector<float>& column : states) columns.push_back(column.data());
  std::vector<int32_t> ids(c.streams);
  std::vector<float> logits(c.streams * c.vocabulary_size);
  DecodeScratch<float> scratch;
  Sampler sampler;
  uint64_t position = 0;
  const double operations = 2 * ForwardMultiplyAdds(c.network, c.vocabulary_size);
  // Of bf16 the weights are stored, not multiplied.
  const Arithmetic arithmetic =
      c.precision == DecodePrecision::kInt8 ? Arithmetic::kBytes : Arithmetic::kF32;
  RunSteps(state, arithmetic, /*threads=*/1, c.streams, operations, [&] {
    decoder->Step(ids, columns, logits.data(), &scratch);
    for (int s = 0; s < c.streams; ++s) {
      const absl::Span<const float> row(&logits[s * c.vocabulary_size], c.vocabulary_size);
      ids[s] = sampler.Next(row, {}, {}, RandomUniform(1, s, position), {}, {}).id;
    }
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
        }
      }
    }
  }
  for (const DecodeCase& c : cases) {
    const std::string name = absl::StrCat(
        "Decode/", std::string(CellTypeName(c.network.cell)), "/", c.network.num_layers, "x",
        c.network.hidden_size, "/V", c.vocabulary_size, "/S", c.streams, "/",
        std::string(DecodePrecisionName(c.precision)), "/threads:1");
    benchmark::RegisterBenchmark(name.c_str(), Decode, c)->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace runnel
