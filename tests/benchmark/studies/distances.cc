#include "tests/benchmark/studies/distances.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/base/worker_pool.h"
#include "core/math/random.h"
#include "core/nn/network.h"
#include "core/text/corpus.h"
#include "core/train/recipe.h"
#include "core/train/schedule.h"
#include "core/train/trainer.h"

namespace runnel {
namespace {

constexpr int kDistances[] = {5, 10, 20, 50, 100};
constexpr int kKeys = 8;
constexpr int kTestLines = 500;
constexpr int64_t kCorpusChars = 400'000;
constexpr int64_t kStepsBetweenTests = 250;
constexpr float kLearningRates[] = {0.01f, 0.003f};
constexpr double kSolved = 0.995;

struct DistancesOptions {
  int hidden_size = 64;
  int64_t steps_max = 6000;  // of 32 lanes; a run ends earlier once its cell is nearly always right
  int threads = 2;
};

// Draws random numbers below `end`.
class Draws {
 public:
  explicit Draws(uint64_t stream) : stream_(stream) {}
  int Below(int end) { return static_cast<int>(RandomUniform(/*seed=*/1, stream_, next_++) * end); }

 private:
  const uint64_t stream_;
  uint64_t next_ = 0;
};

std::string Line(int distance, Draws* draws) {
  const char key = static_cast<char>('a' + draws->Below(kKeys));
  std::string line(1, key);
  for (int i = 0; i < distance - 2; ++i) line += static_cast<char>('0' + draws->Below(10));
  if (distance > 1) line += '=';
  return line + key + '\n';
}

std::string TrainingText(int distance) {
  Draws draws(distance);
  std::string text;
  while (static_cast<int64_t>(text.size()) < kCorpusChars) {
    text += Line(1 + draws.Below(distance), &draws);
  }
  return text;
}

// Lines that are never trained on. One set chooses weights and learning rate, the other is for the
// table.
constexpr uint64_t kSteeringLines = 1'000'000;
constexpr uint64_t kTableLines = 2'000'000;

// Returns the share of lines whose last character the network finds most likely. Each line is a
// lane that is read from the zero state.
double Accuracy(const Network<float>& network, const std::vector<float>& parameters,
                const Vocabulary& vocabulary, int distance, uint64_t lines) {
  Draws draws(lines + distance);
  std::vector<int32_t> inputs(int64_t{distance} * kTestLines);
  std::vector<int32_t> answers;
  for (int lane = 0; lane < kTestLines; ++lane) {
    const std::string line = Line(distance, &draws);
    for (int t = 0; t < distance; ++t) {
      inputs[int64_t{t} * kTestLines + lane] = *vocabulary.Find(static_cast<char32_t>(line[t]));
    }
    answers.push_back(*vocabulary.Find(static_cast<char32_t>(line[distance])));
  }
  const auto packed = network.NewPackedWeights();
  network.Pack(parameters.data(), nullptr, packed.get());
  const auto activations = network.NewActivations(distance, kTestLines);
  auto states = network.NewStates(kTestLines);
  network.Forward(*packed, {.inputs = inputs.data(), .steps = distance}, &states,
                  activations.get());
  const int64_t size = network.vocabulary_size();
  int right = 0;
  for (int lane = 0; lane < kTestLines; ++lane) {
    const float* logits =
        activations->logits() + ((int64_t{distance} - 1) * kTestLines + lane) * size;
    right += std::max_element(logits, logits + size) - logits == answers[lane];
  }
  return static_cast<double>(right) / kTestLines;
}

struct Result {
  double accuracy = 0;    // on the lines for the table
  double steered_by = 0;  // on the lines that chose the weights
  int64_t steps = 0;
};

Result TrainAndTest(CellType cell, int distance, float learning_rate,
                    const DistancesOptions& options, WorkerPool* pool) {
  const std::string text = TrainingText(distance);
  const Corpus corpus = *Corpus::Load(StringSource(text), VocabularyKind::kCodePoints);
  TrainingOptions training = DefaultTraining(Recipe::kFast);
  training.batch_size = 32;
  training.sequence_length = std::max(32, distance + distance / 2);
  training.validation_fraction = 0;
  training.initialization = Initialization::kOrthogonal;
  const auto network = MakeNetwork<float>({.cell = cell, .hidden_size = options.hidden_size},
                                          corpus.vocabulary().size());
  Trainer<float> trainer(*network, corpus, training, pool);
  int64_t steps = 0;
  double best = 0;
  std::vector<float> best_parameters = trainer.parameters();
  while (steps < options.steps_max && best < kSolved) {
    for (int64_t i = 0; i < kStepsBetweenTests; ++i) trainer.Step(learning_rate);
    steps += kStepsBetweenTests;
    const double accuracy =
        Accuracy(*network, trainer.parameters(), corpus.vocabulary(), distance, kSteeringLines);
    if (accuracy <= best) continue;
    best = accuracy;
    best_parameters = trainer.parameters();
  }
  return {
      .accuracy = Accuracy(*network, best_parameters, corpus.vocabulary(), distance, kTableLines),
      .steered_by = best,
      .steps = steps};
}

// Returns the run with the learning rate that does best on the lines that choose.
Result BestOfRates(CellType cell, int distance, const DistancesOptions& options, WorkerPool* pool) {
  Result best;
  for (const float learning_rate : kLearningRates) {
    const Result result = TrainAndTest(cell, distance, learning_rate, options, pool);
    if (result.steered_by > best.steered_by) best = result;
    if (best.steered_by >= kSolved) break;
  }
  return best;
}

// Trains every cell at every distance and prints a table.
void StudyDistances(const DistancesOptions& options) {
  std::printf("Right last characters of %d new lines, 1 x %d units, at most %lld steps\n\n| cell |",
              kTestLines, options.hidden_size, static_cast<long long>(options.steps_max));
  for (const int distance : kDistances) std::printf(" %d |", distance);
  std::printf("\n|---|---|---|---|---|---|\n");
  WorkerPool pool(options.threads);
  for (const CellType cell : kCellTypes) {
    std::printf("| %s |", std::string(CellTypeName(cell)).c_str());
    for (const int distance : kDistances) {
      const Result result = BestOfRates(cell, distance, options, &pool);
      std::printf(" %.0f %% (%lld) |", 100 * result.accuracy, static_cast<long long>(result.steps));
      std::fflush(stdout);
    }
    std::printf("\n");
  }
}

}  // namespace

void AddDistancesStudy(CLI::App& app) {
  CLI::App* study = app.add_subcommand("distances", "how far back each cell can look");
  const auto options = std::make_shared<DistancesOptions>();
  study->add_option("--hidden", options->hidden_size, "units of the one layer")
      ->check(CLI::Range(1, NetworkConfig::kHiddenMax))
      ->capture_default_str();
  study->add_option("--steps", options->steps_max, "the most training steps of a cell and distance")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  study->add_option("--threads", options->threads, "threads that train")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  study->callback([options] { StudyDistances(*options); });
}

}  // namespace runnel
