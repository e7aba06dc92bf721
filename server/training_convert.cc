#include "server/training_convert.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/train/masking.h"
#include "server/random_id.h"

namespace runnel::server {
namespace {

void AddUnknownEnum(absl::string_view field, int value, RequestProblems* problems) {
  problems->violations.Add(field, absl::StrCat("is ", value, "; there is no such value"));
}

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

void ReadCell(const v1::NetworkConfig& wire, NetworkConfig* network, RequestProblems* problems) {
  if (wire.cell_type() == v1::CELL_TYPE_UNSPECIFIED) return;
  if (const std::optional<CellType> cell = CellFromProto(wire.cell_type())) {
    network->cell = *cell;
  } else {
    AddUnknownEnum("network.cell_type", wire.cell_type(), problems);
  }
}

void ReadVocabulary(const v1::NetworkConfig& wire, VocabularyRules* rules,
                    RequestProblems* problems) {
  if (wire.vocabulary() == v1::VOCABULARY_KIND_BYTES) {
    rules->kind = VocabularyKind::kBytes;
  } else if (!v1::VocabularyKind_IsValid(wire.vocabulary())) {
    AddUnknownEnum("network.vocabulary", wire.vocabulary(), problems);
  }
  if (wire.has_min_char_count()) rules->min_char_count = wire.min_char_count();
  rules->document_separator = wire.document_separator();
  Violations violations;
  Validate(*rules, &violations);
  if (wire.has_document_separator() && wire.document_separator().empty()) {
    violations.Add("document_separator", absl::StrCat("has 0 bytes; must have 1 to ",
                                                      VocabularyRules::kSeparatorBytesMax));
  }
  problems->AddPrefixed("network.", violations);
}

void ReadNetwork(const v1::NetworkConfig& wire, TrainingPlan* plan, RequestProblems* problems) {
  ReadCell(wire, &plan->network, problems);
  if (wire.has_num_layers()) plan->network.num_layers = wire.num_layers();
  if (wire.has_hidden_size()) plan->network.hidden_size = wire.hidden_size();
  plan->network.bidirectional |= wire.bidirectional();
  if (wire.has_embedding_size()) plan->network.embedding_size = wire.embedding_size();
  Violations violations;
  Validate(plan->network, &violations);
  problems->AddPrefixed("network.", violations);

  ReadVocabulary(wire, &plan->vocabulary, problems);
}

Recipe ReadRecipe(const v1::TrainingOptions& wire, RequestProblems* problems) {
  switch (wire.recipe()) {
    case v1::RECIPE_UNSPECIFIED:
    case v1::RECIPE_FAST:
      return Recipe::kFast;
    case v1::RECIPE_SEED:
      return Recipe::kSeed;
    case v1::RECIPE_BEST:
      return Recipe::kBest;
    default:
      AddUnknownEnum("training.recipe", wire.recipe(), problems);
      return Recipe::kFast;
  }
}

struct OptimizerOnTheWire {
  v1::Optimizer wire;
  Optimizer optimizer;
};
constexpr OptimizerOnTheWire kOptimizers[] = {
    {v1::OPTIMIZER_SGD, Optimizer::kSgd},         {v1::OPTIMIZER_ADAGRAD, Optimizer::kAdagrad},
    {v1::OPTIMIZER_RMSPROP, Optimizer::kRmsprop}, {v1::OPTIMIZER_ADAM, Optimizer::kAdam},
    {v1::OPTIMIZER_ADAMW, Optimizer::kAdamW},
};

// Together with what depends on it where the request says nothing.
void ReadOptimizer(const v1::TrainingOptions& wire, TrainingOptions* options,
                   RequestProblems* problems) {
  if (wire.optimizer() == v1::OPTIMIZER_UNSPECIFIED) return;
  for (const OptimizerOnTheWire& entry : kOptimizers) {
    if (entry.wire != wire.optimizer()) continue;
    options->optimizer = entry.optimizer;
    options->learning_rate = DefaultLearningRate(options->recipe, entry.optimizer);
    options->weight_decay = DefaultWeightDecay(entry.optimizer);
    return;
  }
  AddUnknownEnum("training.optimizer", wire.optimizer(), problems);
}

void ReadEnums(const v1::TrainingOptions& wire, TrainingOptions* options,
               RequestProblems* problems) {
  ReadOptimizer(wire, options, problems);
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
      AddUnknownEnum("training.schedule", wire.schedule(), problems);
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
      AddUnknownEnum("training.loss_reduction", wire.loss_reduction(), problems);
  }
  if (wire.precision() == v1::PRECISION_BF16) {
    problems->AddUnavailable("training.precision", "PRECISION_BF16");
  } else if (!v1::Precision_IsValid(wire.precision())) {
    AddUnknownEnum("training.precision", wire.precision(), problems);
  }
}

bool HasLimit(const v1::TrainingOptions& wire) {
  return wire.has_epochs() || wire.has_max_steps() || wire.has_max_seconds();
}

void ReadNumbers(const v1::TrainingOptions& wire, TrainingOptions* options) {
  if (HasLimit(wire)) options->epochs = 0;  // the only limit that recipes have
  if (wire.has_epochs()) options->epochs = wire.epochs();
  if (wire.has_max_steps()) options->max_steps = wire.max_steps();
  if (wire.has_max_seconds()) options->max_seconds = wire.max_seconds();
  if (wire.has_sequence_length()) options->sequence_length = wire.sequence_length();
  if (wire.has_batch_size()) options->batch_size = wire.batch_size();
  if (wire.has_learning_rate()) options->learning_rate = wire.learning_rate();
  if (wire.has_warmup_steps()) options->warmup_steps = wire.warmup_steps();
  if (wire.has_clip_value()) options->clip_value = wire.clip_value();
  if (wire.has_clip_norm()) options->clip_norm = wire.clip_norm();
  if (wire.has_dropout()) options->dropout.between = wire.dropout();
  if (wire.has_input_dropout()) options->dropout.input = wire.input_dropout();
  if (wire.has_recurrent_dropout()) options->dropout.recurrent = wire.recurrent_dropout();
  if (wire.has_weight_decay()) options->weight_decay = wire.weight_decay();
  if (wire.has_averaging()) options->averaging = wire.averaging();
  if (wire.has_early_stopping_patience()) {
    options->early_stopping_patience = wire.early_stopping_patience();
  }
  options->seed = wire.has_seed() ? wire.seed() : RandomSeed();
  if (wire.has_validation_fraction()) options->validation_fraction = wire.validation_fraction();
  if (wire.has_evaluate_every_steps()) options->evaluate_every_steps = wire.evaluate_every_steps();
  if (wire.has_sample_every_steps()) options->sample_every_steps = wire.sample_every_steps();
}

// What a bidirectional network is trained with, and a one-directional one is not.
void ReadMasking(const v1::TrainingOptions& wire, bool bidirectional, TrainingOptions* options,
                 RequestProblems* problems) {
  if (!bidirectional) {
    if (!wire.has_mask_fraction()) return;
    problems->violations.Add("training.mask_fraction",
                             absl::StrCat("is ", wire.mask_fraction(),
                                          "; only a network that is bidirectional is trained on "
                                          "masked characters"));
    return;
  }
  if (!wire.has_sequence_length()) {
    options->sequence_length = std::max(options->sequence_length, kMaskedWindowDefault);
  }
  options->mask_fraction = wire.has_mask_fraction() ? wire.mask_fraction() : kMaskFractionDefault;
  if (!(options->mask_fraction > 0 && options->mask_fraction < 1)) {
    problems->violations.Add(
        "training.mask_fraction",
        absl::StrCat("is ", wire.mask_fraction(), "; must be above 0 and below 1"));
  }
  if (wire.sample_every_steps() > 0) {
    problems->violations.Add("training.sample_every_steps",
                             absl::StrCat("is ", wire.sample_every_steps(),
                                          "; must be 0 for a bidirectional network, which cannot "
                                          "write previews"));
  }
  options->sample_every_steps = 0;
}

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

TrainingPlan PlanTraining(const v1::TrainRequest& request, const NetworkConfig* base,
                          RequestProblems* problems) {
  const v1::TrainingOptions& wire = request.training();
  const Recipe recipe = ReadRecipe(wire, problems);
  TrainingPlan plan{.network = base != nullptr ? *base : DefaultNetwork(recipe),
                    .options = DefaultTraining(recipe)};
  ReadNetwork(request.network(), &plan, problems);
  ReadEnums(wire, &plan.options, problems);
  ReadNumbers(wire, &plan.options);
  ReadMasking(wire, plan.network.bidirectional, &plan.options, problems);
  plan.batch_size_given = wire.has_batch_size();
  plan.limit_given = HasLimit(wire);
  Violations violations;
  Validate(plan.options, &violations);
  problems->AddPrefixed("training.", violations);
  return plan;
}

std::optional<CellType> CellFromProto(v1::CellType wire) {
  for (const CellOnTheWire& entry : kCells) {
    if (entry.wire == wire) return entry.cell;
  }
  return std::nullopt;
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
  wire.set_dropout(options.dropout.between);
  wire.set_input_dropout(options.dropout.input);
  wire.set_recurrent_dropout(options.dropout.recurrent);
  wire.set_weight_decay(options.weight_decay);
  wire.set_averaging(options.averaging);
  wire.set_seed(options.seed);
  wire.set_validation_fraction(options.validation_fraction);
  wire.set_evaluate_every_steps(options.evaluate_every_steps);
  wire.set_early_stopping_patience(options.early_stopping_patience);
  wire.set_sample_every_steps(options.sample_every_steps);
  wire.set_precision(v1::PRECISION_F32);
  if (options.mask_fraction > 0) wire.set_mask_fraction(options.mask_fraction);
  wire.set_loss_reduction(options.loss_reduction == LossReduction::kMean
                              ? v1::LOSS_REDUCTION_MEAN
                              : v1::LOSS_REDUCTION_SUM_OVER_TIME);
  return wire;
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

google::protobuf::Timestamp ToTimestamp(int64_t ms_since_1970) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(ms_since_1970 / 1000);
  timestamp.set_nanos(static_cast<int32_t>(ms_since_1970 % 1000) * 1'000'000);
  return timestamp;
}

}  // namespace runnel::server
