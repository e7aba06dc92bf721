// Train/<cell>/<layers>x<hidden>/V<characters>/B<lanes>/T<steps>/<precision>/threads:<n>: whole
// training steps, from text to updated weights.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/math/random.h"
#include "core/text/utf8.h"
#include "core/train/recipe.h"
#include "core/train/trainer.h"
#include "tests/benchmark/benchmarks.h"

namespace runnel {
namespace {

struct TrainCase {
  NetworkConfig network;
  int vocabulary_size;
  TrainingOptions options;
  int threads;
};

// Returns a text that has every one of `vocabulary_size` characters at least once and is random
// otherwise.
std::string MakeText(int vocabulary_size, int64_t chars) {
  std::string text;
  for (int64_t i = 0; i < chars; ++i) {
    const auto random = static_cast<int64_t>(RandomUniform(1, 0, i) * vocabulary_size);
    AppendUtf8(static_cast<char32_t>(0x100 + (i < vocabulary_size ? i : random)), &text);
  }
  return text;
}

void Train(benchmark::State& state, const TrainCase& c) {
  const int64_t batch_chars = int64_t{c.options.batch_size} * c.options.sequence_length;
  const std::string text = MakeText(c.vocabulary_size, batch_chars * 40);
  const Corpus corpus = *Corpus::Load(StringSource(text), VocabularyKind::kCodePoints);
  WorkerPool pool(c.threads);
  const auto network = MakeNetwork<float>(c.network, corpus.vocabulary().size());
  Trainer<float> trainer(*network, corpus, c.options, &pool);
  trainer.Step(1e-4f);
  // Forward once, backward twice: with respect to the input and to the weights.
  const double operations = 3 * 2 * ForwardMultiplyAdds(c.network, c.vocabulary_size);
  const Arithmetic arithmetic =
      c.options.precision == TrainingPrecision::k16Bit ? Arithmetic::k16Bits : Arithmetic::kF32;
  RunSteps(state, arithmetic, c.threads, static_cast<double>(batch_chars), operations,
           [&] { trainer.Step(1e-4f); });
}

}  // namespace

void RegisterTrainBenchmarks() {
  const auto with_sizes = [](Recipe recipe, int lanes, int steps) {
    TrainingOptions options = DefaultTraining(recipe);
    options.batch_size = lanes;
    options.sequence_length = steps;
    return options;
  };
  const TrainingOptions seed = DefaultTraining(Recipe::kSeed);
  const TrainingOptions fast = DefaultTraining(Recipe::kFast);
  const TrainingOptions best = DefaultTraining(Recipe::kBest);
  const TrainingOptions large = with_sizes(Recipe::kFast, 64, 100);
  const TrainingOptions small = with_sizes(Recipe::kFast, 50, 50);
  const TrainingOptions medium = with_sizes(Recipe::kFast, 64, 64);
  std::vector<TrainCase> cases = {
      {DefaultNetwork(Recipe::kSeed), 65, seed, 1},
      {DefaultNetwork(Recipe::kFast), 65, fast, 1},
      {DefaultNetwork(Recipe::kFast), 65, fast, 2},
      {DefaultNetwork(Recipe::kBest), 65, best, 1},
      {DefaultNetwork(Recipe::kBest), 65, best, 2},
      {{CellType::kLstm, 2, 512}, 65, large, 1},
      {{CellType::kLstm, 2, 512}, 65, large, 2},
      {{CellType::kLstm, 2, 128}, 65, small, 1},
      {{CellType::kLstm, 2, 128}, 65, small, 2},
      {{CellType::kGruResetAfter, 1, 256}, 65, medium, 1},
      {{CellType::kGruResetAfter, 1, 256}, 65, medium, 2},
      {{CellType::kLstm, 2, 256}, 5387, medium, 1},
      {{CellType::kLstm, 2, 256}, 5387, medium, 2},
  };
  // Each of these shapes runs in 16 bits as well.
  for (size_t i = 0, count = cases.size(); i < count; ++i) {
    cases.push_back(cases[i]);
    cases.back().options.precision = TrainingPrecision::k16Bit;
  }
  // How the cost grows with layers, steps and lanes.
  const NetworkConfig two_layers = {CellType::kLstm, 2, 128};
  for (const int factor : {1, 2, 4, 8}) {
    cases.push_back({{CellType::kLstm, factor, 128}, 65, medium, 2});
    cases.push_back({two_layers, 65, with_sizes(Recipe::kFast, 32 * factor, 50), 2});
    if (factor == 2) continue;  // the case of 64 lanes and 50 steps exists already
    cases.push_back({two_layers, 65, with_sizes(Recipe::kFast, 64, 25 * factor), 2});
  }
  for (const TrainCase& c : cases) {
    const std::string name = absl::StrCat(
        "Train/", std::string(CellTypeName(c.network.cell)), "/", c.network.num_layers, "x",
        c.network.hidden_size, "/V", c.vocabulary_size, "/B", c.options.batch_size, "/T",
        c.options.sequence_length, "/", std::string(TrainingPrecisionName(c.options.precision)),
        "/threads:", c.threads);
    benchmark::RegisterBenchmark(name.c_str(), Train, c)->Unit(benchmark::kMillisecond);
  }
}

}  // namespace runnel
