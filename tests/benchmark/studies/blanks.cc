#include "tests/benchmark/studies/blanks.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/thread.h"
#include "core/nn/language_model.h"
#include "core/reading/log_probability.h"
#include "core/train/masking.h"
#include "core/train/recipe.h"
#include "core/train/training_run.h"
#include "tests/benchmark/studies/study_command.h"
#include "tests/benchmark/studies/study_text.h"

namespace runnel {
namespace {

// The number of characters that a network sees around a blank. A bidirectional network sees half of
// them on either side; a one-directional one sees all of them before the blank.
constexpr int64_t kSeen = 256;
constexpr int64_t kRescored = 32;  // characters read after each candidate
constexpr int64_t kLanes = 32;     // blanks predicted at once

struct BlanksOptions : StudyOptions {
  double seconds = 60;
  int64_t steps = 0;
  std::string cell = "lstm";
  int layers = 1;
  int hidden = 256;
  int64_t blanks = 2000;
  bool rescore = false;
};

struct Trained {
  LanguageModel model;
  int64_t parameters = 0;
  int64_t steps = 0;
  double seconds = 0;
};

class SilentObserver : public TrainingObserver {
 public:
  bool StopRequested() override { return false; }
  void OnReport(const ProgressReport& /*report*/, const Trainer<float>& /*trainer*/) override {}
};

int64_t ParametersOf(const NetworkConfig& config, const Corpus& corpus) {
  return MakeNetwork<float>(config, corpus.vocabulary().size())->layout().size();
}

// Returns the widest bidirectional network that has no more parameters than `config`.
NetworkConfig BidirectionalOfTheSize(NetworkConfig config, const Corpus& corpus) {
  const int64_t size = ParametersOf(config, corpus);
  config.bidirectional = true;
  while (config.hidden_size > 1 && ParametersOf(config, corpus) > size) --config.hidden_size;
  return config;
}

absl::StatusOr<Trained> Train(const NetworkConfig& config, const Corpus& corpus,
                              const BlanksOptions& study) {
  TrainingOptions options = {.max_steps = study.steps,
                             .max_seconds = study.steps > 0 ? 0 : study.seconds,
                             .sequence_length = 64,
                             .batch_size = 32,
                             .learning_rate = 0.003,
                             .warmup_steps = 100,
                             .clip_norm = 1,
                             .seed = study.seed,
                             .state_reset_share = 0.02};
  if (config.bidirectional) options.mask_fraction = kMaskFractionDefault;
  options.batch_size = LanesThatFit(corpus.size(), options);
  if (absl::Status status = CheckCorpusSize(corpus.size(), options); !status.ok()) return status;
  const auto network = MakeNetwork<float>(config, corpus.vocabulary().size());
  WorkerPool pool(study.threads);
  Trainer<float> trainer(*network, corpus, options, &pool);
  SilentObserver observer;
  auto outcome = RunTraining(options, SecondsNow, &trainer, &observer);
  if (!outcome.ok()) return outcome.status();
  Trained trained{
      .parameters = network->layout().size(), .steps = outcome->steps, .seconds = outcome->seconds};
  trained.model.vocabulary = corpus.vocabulary();
  trained.model.SetWeights(config, std::move(outcome->parameters));
  return trained;
}

// Returns evenly spread places of the held-out part that have kSeen characters before and after
// them.
absl::StatusOr<std::vector<int64_t>> ChooseBlanks(const Corpus& corpus, int64_t count) {
  const CorpusRange held_out =
      SplitCorpus(corpus.size(), TrainingOptions().validation_fraction).validation;
  const int64_t room = held_out.size() - 2 * kSeen;
  if (room < 1) {
    return absl::InvalidArgumentError(absl::StrCat("the text is too short: its held-out tenth has ",
                                                   held_out.size(), " characters; ", 2 * kSeen + 1,
                                                   " are needed"));
  }
  count = std::min(count, room);
  std::vector<int64_t> blanks(count);
  for (int64_t i = 0; i < count; ++i) blanks[i] = held_out.begin + kSeen + i * room / count;
  return blanks;
}

int32_t IdAt(const Corpus& corpus, int64_t place) {
  int32_t id = 0;
  corpus.CopyIds(place, 1, 1, &id);
  return id;
}

int32_t Likeliest(const float* logits, int64_t count) {
  return static_cast<int32_t>(std::max_element(logits, logits + count) - logits);
}

double ShareRight(const Corpus& corpus, const std::vector<int64_t>& blanks,
                  const std::vector<int32_t>& guesses) {
  int64_t right = 0;
  for (size_t i = 0; i < blanks.size(); ++i) right += guesses[i] == IdAt(corpus, blanks[i]);
  return static_cast<double>(right) / static_cast<double>(blanks.size());
}

std::vector<int32_t> GuessFromBothSides(const ClozeModel& model, const Corpus& corpus,
                                        const std::vector<int64_t>& blanks) {
  constexpr int64_t kBefore = kSeen / 2;
  constexpr int64_t kSteps = kSeen + 1;
  std::vector<int32_t> guesses;
  for (size_t first = 0; first < blanks.size(); first += kLanes) {
    const int64_t lanes = std::min<int64_t>(kLanes, blanks.size() - first);
    std::vector<int32_t> inputs(kSteps * lanes);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      corpus.CopyIds(blanks[first + lane] - kBefore, kSteps, lanes, inputs.data() + lane);
      inputs[kBefore * lanes + lane] = kMaskedId;
    }
    const auto read = model.Read(inputs.data(), kSteps, static_cast<int>(lanes));
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const int64_t row = kBefore * lanes + lane;
      guesses.push_back(
          Likeliest(read->logits() + row * model.vocabulary_size(), model.vocabulary_size()));
    }
  }
  return guesses;
}

// Reads `count` characters, starting at `place`, into each of several states.
void ReadOn(const Decoder<float>& model, const Corpus& corpus, int64_t place, int64_t count,
            float* state, float* logits) {
  for (int64_t i = 0; i < count; ++i) {
    const int32_t id = IdAt(corpus, place + i);
    model.Step({&id, 1}, {&state, 1}, logits);
  }
}

// Returns the candidate c that makes the text most likely: p(c | before) p(after | before, c).
int32_t Rescore(const Decoder<float>& model, const Corpus& corpus, int64_t blank,
                const std::vector<float>& state, const std::vector<float>& logits) {
  const int candidates = model.vocabulary_size();
  std::vector<std::vector<float>> states(candidates, state);
  std::vector<float*> pointers;
  for (std::vector<float>& of_candidate : states) pointers.push_back(of_candidate.data());
  std::vector<int32_t> ids(candidates);
  for (int32_t id = 0; id < candidates; ++id) ids[id] = id;
  std::vector<float> scores = logits;
  std::vector<float> next(static_cast<size_t>(candidates) * candidates);
  for (int64_t i = 1; i <= kRescored; ++i) {
    model.Step(ids, pointers, next.data());
    const int32_t id = IdAt(corpus, blank + i);
    for (int32_t c = 0; c < candidates; ++c) {
      const float* row = next.data() + int64_t{c} * candidates;
      scores[c] += row[id] - static_cast<float>(LogSumExp({row, static_cast<size_t>(candidates)}));
    }
    std::fill(ids.begin(), ids.end(), id);
  }
  return Likeliest(scores.data(), candidates);
}

std::vector<int32_t> GuessFromBefore(const Decoder<float>& model, const Corpus& corpus,
                                     const std::vector<int64_t>& blanks, bool rescore) {
  std::vector<int32_t> guesses;
  for (const int64_t blank : blanks) {
    std::vector<float> state(model.state_size());
    std::vector<float> logits(model.vocabulary_size());
    ReadOn(model, corpus, blank - kSeen, kSeen, state.data(), logits.data());
    guesses.push_back(rescore ? Rescore(model, corpus, blank, state, logits)
                              : Likeliest(logits.data(), model.vocabulary_size()));
  }
  return guesses;
}

void PrintRow(const std::string& name, const NetworkConfig& config, const Trained& trained,
              double accuracy) {
  absl::PrintF("%-28s %dx%-6d %10d %7d %8.1f %9.1f %%\n", name, config.num_layers,
               config.hidden_size, trained.parameters, trained.steps, trained.seconds,
               100 * accuracy);
  std::fflush(stdout);
}

absl::Status Run(const BlanksOptions& study) {
  PrepareThreadForMath();
  const auto cell = kCellTypes.Find(study.cell);
  if (!cell) return absl::InvalidArgumentError(absl::StrCat("there is no cell ", study.cell));
  const auto corpus = LoadStudyText(study.path);
  if (!corpus.ok()) return corpus.status();
  const auto blanks = ChooseBlanks(*corpus, study.blanks);
  if (!blanks.ok()) return blanks.status();
  const NetworkConfig forward = {
      .cell = *cell, .num_layers = study.layers, .hidden_size = study.hidden};
  const NetworkConfig both = BidirectionalOfTheSize(forward, *corpus);
  absl::PrintF("%d characters, %d distinct; %d single blanks in the held-out tenth\n",
               corpus->size(), corpus->vocabulary().size(), blanks->size());
  absl::PrintF("%-28s %-8s %10s %7s %8s %11s\n", study.cell, "network", "parameters", "steps",
               "seconds", "accuracy");

  auto trained = Train(forward, *corpus, study);
  if (!trained.ok()) return trained.status();
  const Decoder<float>& decoder = *trained->model.decoder;
  PrintRow("one-directional", forward, *trained,
           ShareRight(*corpus, *blanks, GuessFromBefore(decoder, *corpus, *blanks, false)));
  if (study.rescore) {
    PrintRow("one-directional, rescoring", forward, *trained,
             ShareRight(*corpus, *blanks, GuessFromBefore(decoder, *corpus, *blanks, true)));
  }
  trained = Train(both, *corpus, study);
  if (!trained.ok()) return trained.status();
  PrintRow(
      "bidirectional", both, *trained,
      ShareRight(*corpus, *blanks, GuessFromBothSides(*trained->model.cloze, *corpus, *blanks)));
  return absl::OkStatus();
}

}  // namespace

void AddBlanksStudy(CLI::App& app, int* exit_code) {
  const auto study = std::make_shared<BlanksOptions>();
  CLI::App* blanks = app.add_subcommand(
      "blanks",
      "Single blanks of a held-out text: a one-directional network, which sees the 256 characters "
      "before,\nagainst a bidirectional one with at most as many parameters, which sees 128 on "
      "either side");
  study->AddTo(blanks);
  blanks->add_option("--seconds", study->seconds, "Training time of each")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  blanks->add_option("--steps", study->steps, "Training steps of each, instead of a time")
      ->check(CLI::PositiveNumber);
  blanks->add_option("--cell", study->cell, "rnn_tanh, lstm, gru_reset_after, ...")
      ->capture_default_str();
  blanks->add_option("--layers", study->layers, "Layers of both")
      ->capture_default_str()
      ->check(CLI::Range(1, NetworkConfig::kLayersMax));
  blanks->add_option("--hidden", study->hidden, "Units a layer of the one-directional network")
      ->capture_default_str()
      ->check(CLI::Range(1, NetworkConfig::kHiddenMax));
  blanks->add_option("--blanks", study->blanks, "How many places")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  blanks->add_flag("--rescore", study->rescore,
                   "Also let the one-directional network read 32 characters after each candidate");
  SetStudy(blanks, exit_code, [study] { return Run(*study); });
}

}  // namespace runnel
