#include "server/wire/training_convert.h"

#include "absl/strings/str_cat.h"
#include "core/train/recipe.h"
#include "server/wire/enum_convert.h"

namespace runnel::server {

bool HasLimit(const v1::TrainingOptions& wire) {
  return wire.has_epochs() || wire.has_max_steps() || wire.has_max_seconds();
}

namespace {

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
  if (wire.has_seed()) options->seed = wire.seed();
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

void ReadTrainingOptions(const v1::TrainingOptions& wire, TrainingOptions* options,
                         Violations* violations) {
  ReadEnums(wire, options, violations);
  ReadNumbers(wire, options);
}

void ReadNetwork(const v1::NetworkConfig& wire, NetworkConfig* network, Violations* violations) {
  Violations found;
  ReadEnum("cell_type", wire.cell_type(), kCellTypes, &network->cell, &found);
  if (wire.has_num_layers()) network->num_layers = wire.num_layers();
  if (wire.has_hidden_size()) network->hidden_size = wire.hidden_size();
  if (wire.has_embedding_size()) network->embedding_size = wire.embedding_size();
  network->bidirectional |= wire.bidirectional();
  Validate(*network, &found);
  violations->AddPrefixed("network.", found);
}

v1::NetworkConfig ToProto(const NetworkConfig& network, const VocabularyRules& vocabulary) {
  v1::NetworkConfig wire;
  wire.set_cell_type(ToWire<v1::CellType>(kCellTypes, network.cell));
  wire.set_num_layers(network.num_layers);
  wire.set_hidden_size(network.hidden_size);
  wire.set_bidirectional(network.bidirectional);
  wire.set_embedding_size(network.embedding_size);
  wire.set_vocabulary(ToWire<v1::VocabularyKind>(kVocabularyKinds, vocabulary.kind));
  wire.set_min_char_count(vocabulary.min_char_count);
  if (!vocabulary.document_separator.empty()) {
    wire.set_document_separator(vocabulary.document_separator);
  }
  return wire;
}

v1::TrainingOptions ToProto(const TrainingOptions& options) {
  v1::TrainingOptions wire;
  wire.set_recipe(ToWire<v1::Recipe>(kRecipes, options.recipe));
  wire.set_epochs(static_cast<float>(options.epochs));
  wire.set_max_steps(options.max_steps);
  wire.set_max_seconds(static_cast<float>(options.max_seconds));
  wire.set_sequence_length(options.sequence_length);
  wire.set_batch_size(options.batch_size);
  wire.set_optimizer(ToWire<v1::Optimizer>(kOptimizers, options.optimizer));
  wire.set_learning_rate(static_cast<float>(options.learning_rate));
  wire.set_schedule(ToWire<v1::LearningRateSchedule>(kSchedules, options.schedule));
  wire.set_warmup_steps(static_cast<int32_t>(options.warmup_steps));
  wire.set_clip_value(options.clip_value);
  wire.set_clip_norm(options.clip_norm);
  wire.set_dropout(options.dropout.output);
  wire.set_input_dropout(options.dropout.input);
  wire.set_recurrent_dropout(options.dropout.recurrent);
  wire.set_weight_decay(options.weight_decay);
  wire.set_averaging(options.averaging);
  wire.set_seed(options.seed);
  wire.set_validation_fraction(options.validation_fraction);
  wire.set_evaluate_every_steps(options.evaluate_every_steps);
  wire.set_early_stopping_patience(options.early_stopping_patience);
  wire.set_sample_every_steps(options.sample_every_steps);
  wire.set_precision(ToWire<v1::Precision>(kTrainingPrecisions, options.precision));
  if (options.mask_fraction) wire.set_mask_fraction(*options.mask_fraction);
  wire.set_loss_reduction(ToWire<v1::LossReduction>(kLossReductions, options.loss_reduction));
  return wire;
}

google::protobuf::Timestamp ToTimestamp(int64_t ms_since_1970) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(ms_since_1970 / 1000);
  timestamp.set_nanos(static_cast<int32_t>(ms_since_1970 % 1000) * 1'000'000);
  return timestamp;
}

}  // namespace runnel::server
