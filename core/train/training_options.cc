#include "core/train/training_options.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "core/base/number_text.h"
#include "core/text/corpus.h"
#include "core/text/lanes.h"

namespace runnel {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void CheckNotNegative(absl::string_view field, double value, Violations* violations) {
  if (value >= 0 && value < kInfinity) return;
  violations->Add(field, absl::StrCat("is ", NumberText(value), "; must be 0 or more, and finite"));
}

void CheckNotNegative(absl::string_view field, int64_t value, Violations* violations) {
  if (value >= 0) return;
  violations->Add(field, absl::StrCat("is ", value, "; must be 0 or more"));
}

bool IsShare(float value) { return value >= 0 && value < 1; }

void CheckShare(absl::string_view field, float value, Violations* violations) {
  if (IsShare(value)) return;
  violations->Add(field,
                  absl::StrCat("is ", NumberText(value), "; must be at least 0 and below 1"));
}

// A network that reads the text from both ends would see every character that it should predict,
// so it predicts hidden ones.
void CheckMasking(const TrainingOptions& options, bool bidirectional, Violations* violations) {
  const std::optional<float> share = options.mask_fraction;
  if (!bidirectional) {
    if (!share) return;
    violations->Add("mask_fraction", absl::StrCat("is ", NumberText(*share),
                                                  "; only a network that is bidirectional is "
                                                  "trained on masked characters"));
    return;
  }
  if (!share || !(*share > 0 && *share < 1)) {
    violations->Add("mask_fraction", absl::StrCat("is ", share ? NumberText(*share) : "absent",
                                                  "; must be above 0 and below 1"));
  }
  if (options.sample_every_steps > 0) {
    violations->Add("sample_every_steps",
                    absl::StrCat("is ", options.sample_every_steps,
                                 "; must be 0 for a bidirectional network, which cannot "
                                 "write previews"));
  }
}

}  // namespace

void Validate(const TrainingOptions& options, const NetworkConfig& network,
              Violations* violations) {
  CheckNotNegative("epochs", options.epochs, violations);
  CheckNotNegative("max_steps", options.max_steps, violations);
  CheckNotNegative("max_seconds", options.max_seconds, violations);
  violations->CheckRange("sequence_length", options.sequence_length, 1, TrainingOptions::kStepsMax);
  violations->CheckRange("batch_size", options.batch_size, 1, TrainingOptions::kLanesMax);
  if (!(options.learning_rate > 0 && options.learning_rate <= 100)) {
    violations->Add("learning_rate", absl::StrCat("is ", NumberText(options.learning_rate),
                                                  "; must be above 0, at most 100"));
  }
  CheckNotNegative("warmup_steps", options.warmup_steps, violations);
  CheckNotNegative("clip_value", options.clip_value, violations);
  CheckNotNegative("clip_norm", options.clip_norm, violations);
  const auto& [input, between, output, recurrent] = options.dropout;
  CheckShare("dropout", IsShare(output) ? between : output, violations);
  CheckShare("input_dropout", input, violations);
  CheckShare("recurrent_dropout", recurrent, violations);
  CheckNotNegative("weight_decay", options.weight_decay, violations);
  CheckShare("averaging", options.averaging, violations);
  CheckNotNegative("early_stopping_patience", int64_t{options.early_stopping_patience}, violations);
  if (options.early_stopping_patience > 0 && options.validation_fraction == 0) {
    violations->Add("early_stopping_patience",
                    absl::StrCat("is ", options.early_stopping_patience,
                                 "; must be 0 where validation_fraction is 0"));
  }
  violations->CheckRange("validation_fraction", options.validation_fraction, 0.0f, 0.9f);
  CheckNotNegative("evaluate_every_steps", options.evaluate_every_steps, violations);
  CheckNotNegative("sample_every_steps", options.sample_every_steps, violations);
  CheckMasking(options, network.bidirectional, violations);
}

absl::Status CheckCorpusSize(int64_t symbols, const TrainingOptions& options) {
  const int64_t trained = SplitCorpus(symbols, options.validation_fraction).training.size();
  const int64_t needed = LaneReader::SymbolsMin(options.batch_size, options.sequence_length);
  if (trained >= needed) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "is shorter than one batch: ", trained, " characters to train on, and batch_size ",
      options.batch_size, " with sequence_length ", options.sequence_length, " needs at least ",
      needed, "; give more text or a smaller batch_size or sequence_length"));
}

}  // namespace runnel
