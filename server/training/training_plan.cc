#include "server/training/training_plan.h"

#include <google/protobuf/text_format.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/random_id.h"
#include "server/wire/enum_convert.h"
#include "server/wire/training_convert.h"

namespace runnel::server {
namespace {

void ReadVocabulary(const v1::NetworkConfig& wire, VocabularyRules* rules, Violations* violations) {
  Violations found;
  ReadEnum("vocabulary", wire.vocabulary(), kVocabularyKinds, &rules->kind, &found);
  if (wire.has_min_char_count()) rules->min_char_count = wire.min_char_count();
  rules->document_separator = wire.document_separator();
  Validate(*rules, &found);
  if (wire.has_document_separator() && wire.document_separator().empty()) {
    found.Add("document_separator",
              absl::StrCat("has 0 bytes; must have 1 to ", VocabularyRules::kSeparatorBytesMax));
  }
  violations->AddPrefixed("network.", found);
}

// Reads the optimizer, and sets the defaults that depend on it.
void ReadOptimizer(v1::Optimizer wire, TrainingOptions* options, Violations* violations) {
  ReadEnum("optimizer", wire, kOptimizers, &options->optimizer, violations);
  options->learning_rate = DefaultLearningRate(options->recipe, options->optimizer);
  options->weight_decay = DefaultWeightDecay(options->optimizer);
}

void ReadEnums(const v1::TrainingOptions& wire, TrainingOptions* options, Violations* violations) {
  ReadOptimizer(wire.optimizer(), options, violations);
  ReadEnum("schedule", wire.schedule(), kSchedules, &options->schedule, violations);
  ReadEnum("loss_reduction", wire.loss_reduction(), kLossReductions, &options->loss_reduction,
           violations);
  ReadEnum("precision", wire.precision(), kTrainingPrecisions, &options->precision, violations);
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
  if (wire.has_mask_fraction()) options->mask_fraction = wire.mask_fraction();
}

}  // namespace

TrainingPlan PlanTraining(const v1::TrainRequest& request, const NetworkConfig* base,
                          Violations* violations) {
  const v1::TrainingOptions& wire = request.training();
  Violations training;
  Recipe recipe = Recipe::kFast;
  ReadEnum("recipe", wire.recipe(), kRecipes, &recipe, &training);
  TrainingPlan plan{.network = base != nullptr ? *base : DefaultNetwork(recipe)};
  ReadNetwork(request.network(), &plan.network, violations);
  ReadVocabulary(request.network(), &plan.vocabulary, violations);
  plan.options = DefaultTraining(recipe, plan.network.bidirectional);
  ReadEnums(wire, &plan.options, &training);
  ReadNumbers(wire, &plan.options);
  Validate(plan.options, plan.network, &training);
  violations->AddPrefixed("training.", training);
  plan.cell_given = base != nullptr || request.network().cell_type() != v1::CELL_TYPE_UNSPECIFIED;
  plan.given = {.sequence_length = wire.has_sequence_length() || plan.network.bidirectional,
                .batch_size = wire.has_batch_size(),
                .limit = HasLimit(wire)};
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
