#include "server/wire/training_convert.h"

#include "server/wire/enum_convert.h"

namespace runnel::server {
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
