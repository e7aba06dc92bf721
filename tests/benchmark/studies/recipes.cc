#include "tests/benchmark/studies/recipes.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "core/math/gemm.h"
#include "core/train/training_run.h"
#include "tests/benchmark/studies/study_text.h"

namespace runnel {
namespace {

constexpr int64_t kWindow = 256;

// What an option of the command line replaces in every recipe that is tried.
struct RecipesOptions {
  std::string path;
  std::vector<std::string> recipes = {"fast", "best"};
  int threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  uint64_t seed = 1;
  std::optional<std::string> cell;
  std::optional<int> layers;
  std::optional<int> hidden;
  std::optional<int> embedding;
  std::optional<int> batch;
  std::optional<int> steps;
  std::optional<double> epochs;
  std::optional<double> learning_rate;
  std::optional<int64_t> warmup;
  std::optional<float> dropout;
  std::optional<float> input_dropout;
  std::optional<float> recurrent_dropout;
  std::optional<float> weight_decay;
  std::optional<float> averaging;
};

double SecondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The summed nats of `lanes` stretches of `symbols` characters, one behind another from `begin` on,
// each from the zero state.
double SumOfLanes(const Network<float>& network, const Network<float>::PackedWeights& packed,
                  const Corpus& corpus, int64_t begin, int64_t symbols, int64_t lanes) {
  const auto activations = network.NewActivations(kWindow, static_cast<int>(lanes));
  std::vector<float> state(network.state_size() * lanes);
  std::vector<int32_t> inputs(kWindow * lanes);
  std::vector<int32_t> targets(kWindow * lanes);
  double sum = 0;
  for (int64_t done = 0; done < symbols; done += kWindow) {
    const int steps = static_cast<int>(std::min(kWindow, symbols - done));
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const int64_t place = begin + lane * symbols + done;
      corpus.CopyIds(place, steps, lanes, inputs.data() + lane);
      corpus.CopyIds(place + 1, steps, lanes, targets.data() + lane);
    }
    network.Forward(packed, {.inputs = inputs.data(), .steps = steps}, state.data(),
                    activations.get());
    sum += network.Loss(targets.data(), steps, 0, activations.get());
  }
  return sum;
}

// The held-out tenth, predicted character by character in one pass, the state carried.
double StatefulLoss(const Network<float>& network, const std::vector<float>& parameters,
                    const Corpus& corpus, CorpusRange range) {
  const auto packed = network.NewPackedWeights();
  network.Pack(parameters.data(), nullptr, packed.get());
  const int64_t targets = range.size() - 1;
  return SumOfLanes(network, *packed, corpus, range.begin, targets, 1) /
         static_cast<double>(targets);
}

// In windows of 256 characters, each from the zero state; what does not fill one is left out.
double ColdLoss(const Network<float>& network, const std::vector<float>& parameters,
                const Corpus& corpus, CorpusRange range, WorkerPool* pool) {
  constexpr int64_t kLanes = 64;
  const auto packed = network.NewPackedWeights();
  network.Pack(parameters.data(), nullptr, packed.get());
  const int64_t windows = (range.size() - 1) / kWindow;
  std::vector<double> sums((windows + kLanes - 1) / kLanes);
  pool->Run(static_cast<int>(sums.size()), [&](int i) {
    const int64_t first = i * kLanes;
    sums[i] = SumOfLanes(network, *packed, corpus, range.begin + first * kWindow, kWindow,
                         std::min(kLanes, windows - first));
  });
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum / static_cast<double>(windows * kWindow);
}

// Prints the cold loss at each evaluation, on a clock that stands still meanwhile.
class CurvePrinter : public TrainingObserver {
 public:
  explicit CurvePrinter(std::function<double(const std::vector<float>&)> cold_loss)
      : cold_loss_(std::move(cold_loss)), started_(SecondsNow()) {}

  bool StopRequested() override { return false; }
  void OnReport(const ProgressReport& report, const Trainer<float>& trainer) override {
    if (!report.validation_loss) return;
    const double now = SecondsNow();
    absl::PrintF("  %7.1f s  epoch %5.2f  training %.4f  cold %.4f\n", Clock(), report.epoch,
                 report.loss, cold_loss_(trainer.outcome()));
    std::fflush(stdout);
    paused_ += SecondsNow() - now;
  }
  // Seconds since the beginning without those that this printer took.
  double Clock() const { return SecondsNow() - started_ - paused_; }

 private:
  const std::function<double(const std::vector<float>&)> cold_loss_;
  const double started_;
  double paused_ = 0;
};

struct Row {
  std::string recipe;
  int64_t parameters = 0;
  double stateful = 0;
  double cold = 0;
  double seconds = 0;
};

template <typename T, typename U>
void Replace(const std::optional<T>& given, U* value) {
  if (given) *value = *given;
}

absl::StatusOr<Row> Try(const std::string& name, const RecipesOptions& study,
                        const Corpus& corpus) {
  const Recipe recipe = name == "fast" ? Recipe::kFast : Recipe::kBest;
  NetworkConfig config = DefaultNetwork(recipe);
  if (study.cell) {
    const auto cell = CellTypeFromName(*study.cell);
    if (!cell) return absl::InvalidArgumentError("there is no cell " + *study.cell);
    config.cell = *cell;
  }
  Replace(study.layers, &config.num_layers);
  Replace(study.hidden, &config.hidden_size);
  Replace(study.embedding, &config.embedding_size);
  TrainingOptions options = DefaultTraining(recipe);
  options.seed = study.seed;
  Replace(study.batch, &options.batch_size);
  Replace(study.steps, &options.sequence_length);
  Replace(study.epochs, &options.epochs);
  Replace(study.learning_rate, &options.learning_rate);
  Replace(study.warmup, &options.warmup_steps);
  Replace(study.dropout, &options.dropout.between);
  Replace(study.input_dropout, &options.dropout.input);
  Replace(study.recurrent_dropout, &options.dropout.recurrent);
  Replace(study.weight_decay, &options.weight_decay);
  Replace(study.averaging, &options.averaging);
  if (absl::Status status = CheckCorpusSize(corpus.size(), options); !status.ok()) return status;

  const CorpusRange held_out = SplitCorpus(corpus.size(), options.validation_fraction).validation;
  if (held_out.size() <= kWindow) {
    return absl::InvalidArgumentError("the text is too short to hold a tenth out");
  }
  const auto network = MakeNetwork<float>(config, corpus.vocabulary().size());
  absl::PrintF("%s: %s %dx%d, %d parameters\n", name, CellTypeName(config.cell), config.num_layers,
               config.hidden_size, network->layout().size());
  std::fflush(stdout);
  WorkerPool pool(study.threads);
  Trainer<float> trainer(*network, config.hidden_size, corpus, options, &pool);
  CurvePrinter observer([&](const std::vector<float>& parameters) {
    return ColdLoss(*network, parameters, corpus, held_out, &pool);
  });
  const auto outcome = RunTraining(
      options, [&] { return observer.Clock(); }, &trainer, &observer);
  if (!outcome.ok()) return outcome.status();
  return Row{.recipe = name,
             .parameters = network->layout().size(),
             .stateful = StatefulLoss(*network, outcome->parameters, corpus, held_out),
             .cold = ColdLoss(*network, outcome->parameters, corpus, held_out, &pool),
             .seconds = outcome->seconds};
}

absl::Status Run(const RecipesOptions& study) {
  PrepareThreadForMath();
  const auto corpus = LoadStudyText(study.path);
  if (!corpus.ok()) return corpus.status();
  absl::PrintF("%d characters, %d distinct\n", corpus->size(), corpus->vocabulary().size());
  std::vector<Row> rows;
  for (const std::string& recipe : study.recipes) {
    auto row = Try(recipe, study, *corpus);
    if (!row.ok()) return row.status();
    rows.push_back(*std::move(row));
  }
  absl::PrintF("\n| recipe | parameters | stateful, nats (bits) | cold, nats (bits) | seconds |\n");
  absl::PrintF("|---|---|---|---|---|\n");
  for (const Row& row : rows) {
    absl::PrintF("| `%s` | %d | %.4f (%.3f) | %.4f (%.3f) | %.0f |\n", row.recipe, row.parameters,
                 row.stateful, row.stateful / std::log(2.0), row.cold, row.cold / std::log(2.0),
                 row.seconds);
  }
  return absl::OkStatus();
}

}  // namespace

void AddRecipesStudy(CLI::App& app, int* exit_code) {
  const auto study = std::make_shared<RecipesOptions>();
  CLI::App* recipes = app.add_subcommand(
      "recipes",
      "What the recipes reach on the held-out tenth of a text, in one pass with the state carried\n"
      "(stateful) and in windows of 256 characters from the zero state (cold)");
  recipes->add_option("FILE", study->path, "UTF-8 text; default: the King James Bible");
  recipes->add_option("--recipe", study->recipes, "fast, best, or both")
      ->check(CLI::IsMember({"fast", "best"}));
  recipes->add_option("--threads", study->threads, "Threads that train")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  recipes->add_option("--seed", study->seed, "Of weights and draws")->capture_default_str();
  CLI::Option_group* other = recipes->add_option_group("Instead of the recipe's own choice");
  other->add_option("--cell", study->cell, "rnn_tanh, lstm, gru_reset_after, ...");
  other->add_option("--layers", study->layers, "Layers");
  other->add_option("--hidden", study->hidden, "Units a layer");
  other->add_option("--embedding", study->embedding, "Embedding size; 0: one-hot input");
  other->add_option("--batch", study->batch, "Lanes");
  other->add_option("--steps", study->steps, "Characters a training step unrolls");
  other->add_option("--epochs", study->epochs, "Passes over the text");
  other->add_option("--learning-rate", study->learning_rate, "After the warm-up");
  other->add_option("--warmup-steps", study->warmup, "Steps until then");
  other->add_option("--dropout", study->dropout, "Between layers and before the output");
  other->add_option("--input-dropout", study->input_dropout, "On the input");
  other->add_option("--recurrent-dropout", study->recurrent_dropout, "On recurrent weights");
  other->add_option("--weight-decay", study->weight_decay, "Of weights");
  other->add_option("--averaging", study->averaging, "Decay of the weights' moving average");
  recipes->callback([study, exit_code] {
    const absl::Status status = Run(*study);
    if (status.ok()) return;
    absl::FPrintF(stderr, "runnel-studies: %s\n", std::string(status.message()));
    *exit_code = 1;
  });
}

}  // namespace runnel
