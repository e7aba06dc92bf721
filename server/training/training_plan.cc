#include "server/training/training_plan.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/number_text.h"
#include "core/base/random_id.h"
#include "core/train/masking.h"
#include "server/wire/training_convert.h"

namespace runnel::server {
namespace {

void ReadVocabulary(const v1::NetworkConfig& wire, VocabularyRules* rules, Violations* violations) {
  if (wire.vocabulary() == v1::VOCABULARY_KIND_BYTES) {
    rules->kind = VocabularyKind::kBytes;
  } else if (!v1::VocabularyKind_IsValid(wire.vocabulary())) {
    AddUnknownEnum("network.vocabulary", wire.vocabulary(), violations);
  }
  if (wire.has_min_char_count()) rules->min_char_count = wire.min_char_count();
  rules->document_separator = wire.document_separator();
  Violations found;
  Validate(*rules, &found);
  if (wire.has_document_separator() && wire.document_separator().empty()) {
    found.Add("document_separator",
              absl::StrCat("has 0 bytes; must have 1 to ", VocabularyRules::kSeparatorBytesMax));
  }
  violations->AddPrefixed("network.", found);
}

Recipe ReadRecipe(const v1::TrainingOptions& wire, Violations* violations) {
  switch (wire.recipe()) {
    case v1::RECIPE_UNSPECIFIED:
    case v1::RECIPE_FAST:
      return Recipe::kFast;
    case v1::RECIPE_SEED:
      return Recipe::kSeed;
    case v1::RECIPE_BEST:
      return Recipe::kBest;
    default:
      AddUnknownEnum("training.recipe", wire.recipe(), violations);
      return Recipe::kFast;
  }
}

// Reads the optimizer, and sets the defaults that depend on it.
void ReadOptimizer(const v1::TrainingOptions& wire, TrainingOptions* options,
                   Violations* violations) {
  if (wire.optimizer() == v1::OPTIMIZER_UNSPECIFIED) return;
  const std::optional<Optimizer> optimizer = OptimizerFromProto(wire.optimizer());
  if (!optimizer) return AddUnknownEnum("training.optimizer", wire.optimizer(), violations);
  options->optimizer = *optimizer;
  options->learning_rate = DefaultLearningRate(options->recipe, *optimizer);
  options->weight_decay = DefaultWeightDecay(*optimizer);
}

void ReadEnums(const v1::TrainingOptions& wire, TrainingOptions* options, Violations* violations) {
  ReadOptimizer(wire, options, violations);
  switch (wire.schedule()) {
    case v1::LEARNING_RATE_SCHEDULE_UNSPECIFIED:
      break;
    case v1::LEARNING_RATE_SCHEDULE_CONSTANT:
      options->schedule = LearningRateSchedule::kConstant;
      break;
    case v1::LEARNING_RATE_SCHEDULE_EXPONENTIAL:
      options->schedule = LearningRateSchedule::kExponential;
      break;
    case v1::LEARNING_RATE_SCHEDULE_COSINE:
      options->schedule = LearningRateSchedule::kCosine;
      break;
    default:
      AddUnknownEnum("training.schedule", wire.schedule(), violations);
  }
  switch (wire.loss_reduction()) {
    case v1::LOSS_REDUCTION_UNSPECIFIED:
      break;
    case v1::LOSS_REDUCTION_MEAN:
      options->loss_reduction = LossReduction::kMean;
      break;
    case v1::LOSS_REDUCTION_SUM_OVER_TIME:
      options->loss_reduction = LossReduction::kSumOverTime;
      break;
    default:
      AddUnknownEnum("training.loss_reduction", wire.loss_reduction(), violations);
  }
  switch (wire.precision()) {
    case v1::PRECISION_UNSPECIFIED:
    case v1::PRECISION_F32:
      break;
    case v1::PRECISION_BF16:
      options->precision = TrainingPrecision::k16Bit;
      break;
    default:
      AddUnknownEnum("training.precision", wire.precision(), violations);
  }
}

bool HasLimit(const v1::TrainingOptions& wire) {
  return wire.has_epochs() || wire.has_max_steps() || wire.has_max_seconds();
}

void ReadNumbers(const v1::TrainingOptions& wire, TrainingOptions* options) {
  if (HasLimit(wire)) options->epochs = 0;  // recipes have no other limit
  if (wire.has_epochs()) options->epochs = wire.epochs();
  if (wire.has_max_steps()) options->max_steps = wire.max_steps();
  if (wire.has_max_seconds()) options->max_seconds = wire.max_seconds();
  if (wire.has_sequence_length()) options->sequence_length = wire.sequence_length();
  if (wire.has_batch_size()) options->batch_size = wire.batch_size();
  if (wire.has_learning_rate()) options->learning_rate = wire.learning_rate();
  if (wire.has_warmup_steps()) options->warmup_steps = wire.warmup_steps();
  if (wire.has_clip_value()) options->clip_value = wire.clip_value();
  if (wire.has_clip_norm()) options->clip_norm = wire.clip_norm();
  if (wire.has_dropout()) options->dropout.SetUnitRate(wire.dropout());
  if (wire.has_input_dropout()) options->dropout.input = wire.input_dropout();
  if (wire.has_recurrent_dropout()) options->dropout.recurrent = wire.recurrent_dropout();
  if (wire.has_weight_decay()) options->weight_decay = wire.weight_decay();
  if (wire.has_averaging()) options->averaging = wire.averaging();
  if (wire.has_early_stopping_patience()) {
    options->early_stopping_patience = wire.early_stopping_patience();
  }
  options->seed = wire.has_seed() ? wire.seed() : RandomSeed();
  if (wire.has_validation_fraction()) {
    options->validation_fraction = wire.validation_fraction();
    const bool by_recipe = !wire.has_early_stopping_patience();
    if (options->validation_fraction == 0 && by_recipe) options->early_stopping_patience = 0;
  }
  if (wire.has_evaluate_every_steps()) options->evaluate_every_steps = wire.evaluate_every_steps();
  if (wire.has_sample_every_steps()) options->sample_every_steps = wire.sample_every_steps();
}

// Reads the options that only apply to bidirectional networks, and those that do not apply to them.
void ReadMasking(const v1::TrainingOptions& wire, bool bidirectional, TrainingOptions* options,
                 Violations* violations) {
  if (!bidirectional) {
    if (!wire.has_mask_fraction()) return;
    violations->Add("training.mask_fraction",
                    absl::StrCat("is ", NumberText(wire.mask_fraction()),
                                 "; only a network that is bidirectional is trained on "
                                 "masked characters"));
    return;
  }
  if (!wire.has_sequence_length()) {
    options->sequence_length = std::max(options->sequence_length, kMaskedWindowDefault);
  }
  options->mask_fraction = wire.has_mask_fraction() ? wire.mask_fraction() : kMaskFractionDefault;
  if (!(options->mask_fraction > 0 && options->mask_fraction < 1)) {
    violations->Add("training.mask_fraction", absl::StrCat("is ", NumberText(wire.mask_fraction()),
                                                           "; must be above 0 and below 1"));
  }
  if (wire.sample_every_steps() > 0) {
    violations->Add("training.sample_every_steps",
                    absl::StrCat("is ", wire.sample_every_steps(),
                                 "; must be 0 for a bidirectional network, which cannot "
                                 "write previews"));
  }
  if (!wire.has_sample_every_steps()) options->sample_every_steps = 0;
}

}  // namespace

TrainingPlan PlanTraining(const v1::TrainRequest& request, const NetworkConfig* base,
                          Violations* violations) {
  const v1::TrainingOptions& wire = request.training();
  const Recipe recipe = ReadRecipe(wire, violations);
  TrainingPlan plan{.network = base != nullptr ? *base : DefaultNetwork(recipe),
                    .options = DefaultTraining(recipe)};
  ReadNetwork(request.network(), &plan.network, violations);
  ReadVocabulary(request.network(), &plan.vocabulary, violations);
  ReadEnums(wire, &plan.options, violations);
  ReadNumbers(wire, &plan.options);
  ReadMasking(wire, plan.network.bidirectional, &plan.options, violations);
  plan.cell_given = base != nullptr || request.network().cell_type() != v1::CELL_TYPE_UNSPECIFIED;
  plan.given = {.sequence_length = wire.has_sequence_length() || plan.network.bidirectional,
                .batch_size = wire.has_batch_size(),
                .limit = HasLimit(wire)};
  Violations found;
  Validate(plan.options, &found);
  violations->AddPrefixed("training.", found);
  return plan;
}

void CheckAgainstBase(const v1::NetworkConfig& wire, const v1::NetworkConfig& base,
                      Violations* violations) {
  using google::protobuf::FieldDescriptor;
  using google::protobuf::TextFormat;
  const google::protobuf::Reflection& reflection = *wire.GetReflection();
  std::vector<const FieldDescriptor*> given;
  reflection.ListFields(wire, &given);
  for (const FieldDescriptor* field : given) {
    std::string wanted;
    std::string there;
    TextFormat::PrintFieldValueToString(wire, field, -1, &wanted);
    TextFormat::PrintFieldValueToString(base, field, -1, &there);
    if (wanted == there) continue;
    violations->Add(absl::StrCat("network.", field->name()),
                    absl::StrCat("is ", wanted, "; the base model has ", there));
  }
}

}  // namespace runnel::server
