#include "tests/benchmark/studies/recipes.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/thread.h"
#include "core/train/recipe.h"
#include "core/train/training_run.h"
#include "tests/benchmark/studies/protocols.h"
#include "tests/benchmark/studies/study_command.h"
#include "tests/benchmark/studies/study_text.h"

namespace runnel {
namespace {

// The choices of a recipe.
struct Choices {
  NetworkConfig network;
  TrainingOptions training;
  GivenSizes given;
};

struct RecipesOptions : StudyOptions {
  std::vector<std::string> recipes = {"fast", "best"};
  // Values from the command line, each of which replaces a choice of the recipes.
  std::vector<std::function<void(Choices*)>> replacements;
};

// Prints the cold loss at each evaluation, and if weights are averaged also the loss of the latest
// weights. Its clock stops while it evaluates and prints.
class CurvePrinter : public TrainingObserver {
 public:
  explicit CurvePrinter(std::function<double(const std::vector<float>&)> cold_loss)
      : cold_loss_(std::move(cold_loss)), started_(SecondsNow()) {}

  bool StopRequested() override { return false; }
  void OnReport(const ProgressReport& report, const Trainer<float>& trainer) override {
    if (!report.validation_loss) return;
    const double now = SecondsNow();
    absl::PrintF("  %7.1f s  epoch %5.2f  training %.4f  cold %.4f", Clock(), report.epoch,
                 report.loss, cold_loss_(trainer.outcome()));
    if (trainer.outcome() != trainer.parameters()) {
      absl::PrintF(", of the last weights only %.4f", cold_loss_(trainer.parameters()));
    }
    absl::PrintF("\n");
    std::fflush(stdout);
    paused_ += SecondsNow() - now;
  }
  // Returns the seconds since the start, without the seconds that this printer took.
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

// Returns the recipe's choices with the replacements, or INVALID_ARGUMENT that names each value out
// of range.
absl::StatusOr<Choices> Choose(Recipe recipe, const Corpus& corpus, const RecipesOptions& study) {
  Choices choices = {.network = DefaultNetwork(recipe), .training = DefaultTraining(recipe)};
  const int symbols = corpus.vocabulary().size();
  choices.network.cell = DefaultCell(recipe, symbols);
  choices.training.initialization = DefaultInitialization(recipe, symbols);
  choices.training.seed = study.seed;
  for (const auto& replace : study.replacements) replace(&choices);
  FitToText(corpus.size(), choices.given, &choices.training);
  Violations violations;
  Validate(choices.network, &violations);
  Validate(choices.training, choices.network, &violations);
  if (violations.empty()) return choices;
  std::vector<std::string> wrong;
  for (const FieldViolation& violation : violations.list()) {
    wrong.push_back(absl::StrCat(violation.field, " ", violation.description));
  }
  return absl::InvalidArgumentError(absl::StrJoin(wrong, "; "));
}

absl::StatusOr<Row> Try(const std::string& name, const RecipesOptions& study,
                        const Corpus& corpus) {
  const auto choices = Choose(name == "fast" ? Recipe::kFast : Recipe::kBest, corpus, study);
  if (!choices.ok()) return choices.status();
  const NetworkConfig& config = choices->network;
  const TrainingOptions& options = choices->training;
  if (absl::Status status = CheckCorpusSize(corpus.size(), options); !status.ok()) return status;

  const CorpusRange held_out = SplitCorpus(corpus.size(), options.validation_fraction).validation;
  if (held_out.size() <= kColdWindow) {
    return absl::InvalidArgumentError("the text is too short to hold a tenth out");
  }
  const auto network = MakeNetwork<float>(config, corpus.vocabulary().size());
  absl::PrintF("%s: %s %dx%d, %d parameters\n", name, CellTypeName(config.cell), config.num_layers,
               config.hidden_size, network->layout().size());
  std::fflush(stdout);
  WorkerPool pool(study.threads);
  Trainer<float> trainer(*network, corpus, options, &pool);
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

template <typename Value>
void Replace(Choices* choices, Value NetworkConfig::*of, Value value) {
  choices->network.*of = value;
}
template <typename Value>
void Replace(Choices* choices, Value TrainingOptions::*of, Value value) {
  choices->training.*of = value;
  if constexpr (std::is_same_v<Value, int>) {
    choices->given.sequence_length |= of == &TrainingOptions::sequence_length;
    choices->given.batch_size |= of == &TrainingOptions::batch_size;
  } else if constexpr (std::is_same_v<Value, double>) {
    choices->given.limit |= of == &TrainingOptions::epochs;
  }
}
template <typename Value>
void Replace(Choices* choices, Value Dropout::*of, Value value) {
  choices->training.dropout.*of = value;
}

void AddReplacements(CLI::App* options, const std::shared_ptr<RecipesOptions>& study) {
  const auto add = [&]<typename Value, typename Part>(const char* name, const char* help,
                                                      Value Part::*of) {
    options->add_option_function<Value>(
        name,
        [study, of](const Value& value) {
          study->replacements.push_back([of, value](Choices* c) { Replace(c, of, value); });
        },
        help);
  };
  options->add_option_function<std::string>(
      "--cell",
      [study](const std::string& name) {
        const auto cell = kCellTypes.Find(name);
        if (!cell) throw CLI::ValidationError("--cell", "there is no cell " + name);
        study->replacements.push_back([cell](Choices* c) { c->network.cell = *cell; });
      },
      "rnn_tanh, lstm, gru_reset_after, ...");
  options->add_option_function<std::string>(
      "--precision",
      [study](const std::string& name) {
        const auto precision = kTrainingPrecisions.Find(name);
        if (!precision) throw CLI::ValidationError("--precision", "there is no precision " + name);
        study->replacements.push_back(
            [precision](Choices* c) { c->training.precision = *precision; });
      },
      "Of the matrix products: f32 or bf16");
  add("--layers", "Layers", &NetworkConfig::num_layers);
  add("--hidden", "Units a layer", &NetworkConfig::hidden_size);
  add("--embedding", "Embedding size; 0: one-hot input", &NetworkConfig::embedding_size);
  add("--batch", "Lanes", &TrainingOptions::batch_size);
  add("--steps", "Characters a training step unrolls", &TrainingOptions::sequence_length);
  add("--epochs", "Passes over the text", &TrainingOptions::epochs);
  add("--learning-rate", "After the warm-up", &TrainingOptions::learning_rate);
  add("--warmup-steps", "Steps until then", &TrainingOptions::warmup_steps);
  add("--between-dropout", "Between layers", &Dropout::between);
  add("--output-dropout", "Before the output", &Dropout::output);
  add("--input-dropout", "On the input", &Dropout::input);
  add("--recurrent-dropout", "On recurrent weights", &Dropout::recurrent);
  add("--weight-decay", "Of weights", &TrainingOptions::weight_decay);
  add("--averaging", "Decay of the weights' moving average", &TrainingOptions::averaging);
  add("--evaluate-every", "Steps between two points of the curve; 0: an epoch",
      &TrainingOptions::evaluate_every_steps);
}

}  // namespace

void AddRecipesStudy(CLI::App& app, int* exit_code) {
  const auto study = std::make_shared<RecipesOptions>();
  CLI::App* recipes = app.add_subcommand(
      "recipes",
      "What the recipes reach on the held-out tenth of a text, in one pass with the state carried\n"
      "(stateful) and in windows of 256 characters from the zero state (cold)");
  study->AddTo(recipes);
  recipes->add_option("--recipe", study->recipes, "fast or best; twice for both, the default")
      ->check(CLI::IsMember({"fast", "best"}))
      ->allow_extra_args(false);
  AddReplacements(recipes->add_option_group("Instead of the recipe's own choice"), study);
  SetStudy(recipes, exit_code, [study] { return Run(*study); });
}

}  // namespace runnel
