#include "server/wire/training_convert.h"

#include "server/wire/error_mapping.h"

namespace runnel::server {
namespace {

struct CellOnTheWire {
  v1::CellType wire;
  CellType cell;
};
constexpr CellOnTheWire kCells[] = {
    {v1::CELL_TYPE_RNN_TANH, CellType::kRnnTanh},
    {v1::CELL_TYPE_RNN_RELU, CellType::kRnnRelu},
    {v1::CELL_TYPE_LSTM, CellType::kLstm},
    {v1::CELL_TYPE_LSTM_PEEPHOLE, CellType::kLstmPeephole},
    {v1::CELL_TYPE_LSTM_COUPLED, CellType::kLstmCoupled},
    {v1::CELL_TYPE_GRU_RESET_BEFORE, CellType::kGruResetBefore},
    {v1::CELL_TYPE_GRU_RESET_AFTER, CellType::kGruResetAfter},
};

struct OptimizerOnTheWire {
  v1::Optimizer wire;
  Optimizer optimizer;
};
constexpr OptimizerOnTheWire kOptimizers[] = {
    {v1::OPTIMIZER_SGD, Optimizer::kSgd},         {v1::OPTIMIZER_ADAGRAD, Optimizer::kAdagrad},
    {v1::OPTIMIZER_RMSPROP, Optimizer::kRmsprop}, {v1::OPTIMIZER_ADAM, Optimizer::kAdam},
    {v1::OPTIMIZER_ADAMW, Optimizer::kAdamW},
};

v1::Recipe ToProto(Recipe recipe) {
  switch (recipe) {
    case Recipe::kSeed:
      return v1::RECIPE_SEED;
    case Recipe::kFast:
      return v1::RECIPE_FAST;
    case Recipe::kBest:
      return v1::RECIPE_BEST;
  }
  return v1::RECIPE_UNSPECIFIED;
}

v1::LearningRateSchedule ToProto(LearningRateSchedule schedule) {
  switch (schedule) {
    case LearningRateSchedule::kConstant:
      return v1::LEARNING_RATE_SCHEDULE_CONSTANT;
    case LearningRateSchedule::kExponential:
      return v1::LEARNING_RATE_SCHEDULE_EXPONENTIAL;
    case LearningRateSchedule::kCosine:
      return v1::LEARNING_RATE_SCHEDULE_COSINE;
  }
  return v1::LEARNING_RATE_SCHEDULE_UNSPECIFIED;
}

v1::Optimizer ToProto(Optimizer optimizer) {
  for (const OptimizerOnTheWire& entry : kOptimizers) {
    if (entry.optimizer == optimizer) return entry.wire;
  }
  return v1::OPTIMIZER_UNSPECIFIED;
}

v1::CellType ToProto(CellType cell) {
  for (const CellOnTheWire& entry : kCells) {
    if (entry.cell == cell) return entry.wire;
  }
  return v1::CELL_TYPE_UNSPECIFIED;
}

}  // namespace

std::optional<CellType> CellFromProto(v1::CellType wire) {
  for (const CellOnTheWire& entry : kCells) {
    if (entry.wire == wire) return entry.cell;
  }
  return std::nullopt;
}

std::optional<Optimizer> OptimizerFromProto(v1::Optimizer wire) {
  for (const OptimizerOnTheWire& entry : kOptimizers) {
    if (entry.wire == wire) return entry.optimizer;
  }
  return std::nullopt;
}

void ReadNetwork(const v1::NetworkConfig& wire, NetworkConfig* network, Violations* violations) {
  if (const std::optional<CellType> cell = CellFromProto(wire.cell_type())) {
    network->cell = *cell;
  } else if (wire.cell_type() != v1::CELL_TYPE_UNSPECIFIED) {
    AddUnknownEnum("network.cell_type", wire.cell_type(), violations);
  }
  if (wire.has_num_layers()) network->num_layers = wire.num_layers();
  if (wire.has_hidden_size()) network->hidden_size = wire.hidden_size();
  if (wire.has_embedding_size()) network->embedding_size = wire.embedding_size();
  network->bidirectional |= wire.bidirectional();
  Violations found;
  Validate(*network, &found);
  violations->AddPrefixed("network.", found);
}

v1::NetworkConfig ToProto(const NetworkConfig& network, const VocabularyRules& vocabulary) {
  v1::NetworkConfig wire;
  wire.set_cell_type(ToProto(network.cell));
  wire.set_num_layers(network.num_layers);
  wire.set_hidden_size(network.hidden_size);
  wire.set_bidirectional(network.bidirectional);
  wire.set_embedding_size(network.embedding_size);
  wire.set_vocabulary(vocabulary.kind == VocabularyKind::kBytes ? v1::VOCABULARY_KIND_BYTES
                                                                : v1::VOCABULARY_KIND_CODE_POINTS);
  wire.set_min_char_count(vocabulary.min_char_count);
  if (!vocabulary.document_separator.empty()) {
    wire.set_document_separator(vocabulary.document_separator);
  }
  return wire;
}

v1::TrainingOptions ToProto(const TrainingOptions& options) {
  v1::TrainingOptions wire;
  wire.set_recipe(ToProto(options.recipe));
  wire.set_epochs(static_cast<float>(options.epochs));
  wire.set_max_steps(options.max_steps);
  wire.set_max_seconds(static_cast<float>(options.max_seconds));
  wire.set_sequence_length(options.sequence_length);
  wire.set_batch_size(options.batch_size);
  wire.set_optimizer(ToProto(options.optimizer));
  wire.set_learning_rate(static_cast<float>(options.learning_rate));
  wire.set_schedule(ToProto(options.schedule));
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
  wire.set_precision(options.precision == TrainingPrecision::k16Bit ? v1::PRECISION_BF16
                                                                    : v1::PRECISION_F32);
  if (options.mask_fraction > 0) wire.set_mask_fraction(options.mask_fraction);
  wire.set_loss_reduction(options.loss_reduction == LossReduction::kMean
                              ? v1::LOSS_REDUCTION_MEAN
                              : v1::LOSS_REDUCTION_SUM_OVER_TIME);
  return wire;
}

google::protobuf::Timestamp ToTimestamp(int64_t ms_since_1970) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(ms_since_1970 / 1000);
  timestamp.set_nanos(static_cast<int32_t>(ms_since_1970 % 1000) * 1'000'000);
  return timestamp;
}

}  // namespace runnel::server
