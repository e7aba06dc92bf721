#include "server/training/training_plan.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "server/wire/training_convert.h"
#include "tests/server/bad_request.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

grpc::Status Check(const v1::TrainRequest& request) {
  Violations violations;
  PlanTraining(request, nullptr, &violations);
  return ToGrpcStatus(ToStatus(violations));
}

TEST(PlanTraining, EmptyRequest_IsRecipeFast) {
  Violations violations;
  const TrainingPlan plan = PlanTraining(v1::TrainRequest(), nullptr, &violations);
  EXPECT_TRUE(violations.empty());
  const TrainingOptions fast = DefaultTraining(Recipe::kFast);
  EXPECT_EQ(plan.network.hidden_size, DefaultNetwork(Recipe::kFast).hidden_size);
  EXPECT_EQ(plan.options.recipe, Recipe::kFast);
  EXPECT_EQ(plan.options.epochs, fast.epochs);
  EXPECT_EQ(plan.options.learning_rate, fast.learning_rate);
  EXPECT_EQ(plan.vocabulary, VocabularyRules());
}

TEST(PlanTraining, RecipeSeed_IsTheClassicScript) {
  v1::TrainRequest request;
  request.mutable_training()->set_recipe(v1::RECIPE_SEED);
  Violations violations;
  const TrainingPlan plan = PlanTraining(request, nullptr, &violations);
  EXPECT_TRUE(violations.empty());
  EXPECT_EQ(plan.network.hidden_size, 100);
  EXPECT_EQ(plan.options.sequence_length, 25);
  EXPECT_EQ(plan.options.batch_size, 1);
  EXPECT_EQ(plan.options.optimizer, Optimizer::kAdagrad);
  EXPECT_EQ(plan.options.loss_reduction, LossReduction::kSumOverTime);
  EXPECT_EQ(plan.options.epochs, 0);
}

TEST(PlanTraining, OneLimitGiven_ReplacesTheRecipes) {
  v1::TrainRequest request;
  Violations violations;
  const TrainingPlan free = PlanTraining(request, nullptr, &violations);
  EXPECT_EQ(free.options.epochs, DefaultTraining(Recipe::kFast).epochs);
  EXPECT_FALSE(free.given.limit);
  request.mutable_training()->set_max_steps(5);
  const TrainingPlan limited = PlanTraining(request, nullptr, &violations);
  EXPECT_EQ(limited.options.epochs, 0);
  EXPECT_EQ(limited.options.max_steps, 5);
  EXPECT_TRUE(limited.given.limit);
  EXPECT_TRUE(violations.empty());
}

TEST(PlanTraining, AbsentSeeds_AreDrawn) {
  Violations violations;
  EXPECT_NE(PlanTraining(v1::TrainRequest(), nullptr, &violations).options.seed,
            PlanTraining(v1::TrainRequest(), nullptr, &violations).options.seed);
}

TEST(PlanTraining, ResolvedOptionsSentAgain_GiveThemselves) {
  for (const v1::Recipe recipe : {v1::RECIPE_SEED, v1::RECIPE_FAST, v1::RECIPE_BEST}) {
    v1::TrainRequest request;
    request.mutable_training()->set_recipe(recipe);
    Violations violations;
    const TrainingPlan plan = PlanTraining(request, nullptr, &violations);
    const v1::TrainingOptions training = ToProto(plan.options);
    const v1::NetworkConfig network = ToProto(plan.network, plan.vocabulary);
    *request.mutable_training() = training;
    *request.mutable_network() = network;
    const TrainingPlan again = PlanTraining(request, nullptr, &violations);
    EXPECT_TRUE(violations.empty()) << ToGrpcStatus(ToStatus(violations)).error_message();
    using google::protobuf::util::MessageDifferencer;
    EXPECT_TRUE(MessageDifferencer::Equals(ToProto(again.options), training));
    EXPECT_TRUE(MessageDifferencer::Equals(ToProto(again.network, again.vocabulary), network));
  }
}

struct BadCase {
  const char* field;
  const char* description;
  std::function<void(v1::NetworkConfig*, v1::TrainingOptions*)> set;
};

TEST(PlanTraining, ValuesOutOfRange_NameFieldValueAndBound) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<BadCase> cases = {
      {"network.hidden_size", "is 0; must be 1 to 4096",
       [](auto* n, auto*) { n->set_hidden_size(0); }},
      {"network.hidden_size", "is 5000;", [](auto* n, auto*) { n->set_hidden_size(5000); }},
      {"network.hidden_size", "is -2147483648;",
       [](auto* n, auto*) { n->set_hidden_size(std::numeric_limits<int32_t>::min()); }},
      {"network.num_layers", "is 9; must be 1 to 8", [](auto* n, auto*) { n->set_num_layers(9); }},
      {"network.cell_type", "is 99;",
       [](auto* n, auto*) { n->set_cell_type(static_cast<v1::CellType>(99)); }},
      {"network.vocabulary", "is -1;",
       [](auto* n, auto*) { n->set_vocabulary(static_cast<v1::VocabularyKind>(-1)); }},
      {"network.embedding_size", "is -1;", [](auto* n, auto*) { n->set_embedding_size(-1); }},
      {"network.min_char_count", "is 0;", [](auto* n, auto*) { n->set_min_char_count(0); }},
      {"network.min_char_count", "is 2; must be 1 where the symbols are bytes",
       [](auto* n, auto*) {
         n->set_min_char_count(2);
         n->set_vocabulary(v1::VOCABULARY_KIND_BYTES);
       }},
      {"network.document_separator", "has 0 bytes; must have 1 to 256",
       [](auto* n, auto*) { n->set_document_separator(""); }},
      {"network.document_separator", "has 257 bytes; at most 256",
       [](auto* n, auto*) { n->set_document_separator(std::string(257, 'x')); }},
      {"training.optimizer", "is 9;",
       [](auto*, auto* t) { t->set_optimizer(static_cast<v1::Optimizer>(9)); }},
      {"training.weight_decay", "is -1; must be 0 or more, and finite",
       [](auto*, auto* t) { t->set_weight_decay(-1); }},
      {"training.averaging", "is 1; must be at least 0 and below 1",
       [](auto*, auto* t) { t->set_averaging(1); }},
      {"training.early_stopping_patience", "is 2; must be 0 where validation_fraction is 0",
       [](auto*, auto* t) {
         t->set_early_stopping_patience(2);
         t->set_validation_fraction(0);
       }},
      {"training.recipe", "is 4;",
       [](auto*, auto* t) { t->set_recipe(static_cast<v1::Recipe>(4)); }},
      {"training.epochs", "is nan;", [=](auto*, auto* t) { t->set_epochs(kNan); }},
      {"training.max_seconds", "is inf;", [=](auto*, auto* t) { t->set_max_seconds(kInfinity); }},
      {"training.max_steps", "is -1;", [](auto*, auto* t) { t->set_max_steps(-1); }},
      {"training.sequence_length", "is 2049; must be 1 to 2048",
       [](auto*, auto* t) { t->set_sequence_length(2049); }},
      {"training.batch_size", "is 1025; must be 1 to 1024",
       [](auto*, auto* t) { t->set_batch_size(1025); }},
      {"training.learning_rate", "is 0;", [](auto*, auto* t) { t->set_learning_rate(0); }},
      {"training.dropout", "is 1; must be at least 0 and below 1",
       [](auto*, auto* t) { t->set_dropout(1); }},
      {"training.input_dropout", "is -0.5;", [](auto*, auto* t) { t->set_input_dropout(-0.5f); }},
      {"training.recurrent_dropout", "is nan;",
       [=](auto*, auto* t) { t->set_recurrent_dropout(kNan); }},
      {"training.mask_fraction", "is 0.15; only a network that is bidirectional",
       [](auto*, auto* t) { t->set_mask_fraction(0.15f); }},
      {"training.mask_fraction", "is 0; must be above 0 and below 1",
       [](auto* n, auto* t) {
         n->set_bidirectional(true);
         t->set_mask_fraction(0);
       }},
      {"training.mask_fraction", "is 1; must be above 0 and below 1",
       [](auto* n, auto* t) {
         n->set_bidirectional(true);
         t->set_mask_fraction(1);
       }},
      {"training.sample_every_steps", "is 10; must be 0 for a bidirectional network",
       [](auto* n, auto* t) {
         n->set_bidirectional(true);
         t->set_sample_every_steps(10);
       }},
      {"training.sample_every_steps", "is -5; must be",
       [](auto* n, auto* t) {
         n->set_bidirectional(true);
         t->set_sample_every_steps(-5);
       }},
      {"training.early_stopping_patience", "is -3;",
       [](auto*, auto* t) { t->set_early_stopping_patience(-3); }},
      {"training.validation_fraction", "is 1;",
       [](auto*, auto* t) { t->set_validation_fraction(1); }},
  };
  for (const BadCase& bad : cases) {
    v1::TrainRequest request;
    bad.set(request.mutable_network(), request.mutable_training());
    const grpc::Status status = Check(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << bad.field;
    ASSERT_THAT(FieldsOf(status), ElementsAre(bad.field)) << status.error_message();
    EXPECT_THAT(ViolationsOf(status)[0].second, HasSubstr(bad.description));
  }
}

TEST(PlanTraining, EveryCell_GoesBothWays) {
  for (int cell = v1::CELL_TYPE_RNN_TANH; cell <= v1::CELL_TYPE_GRU_RESET_AFTER; ++cell) {
    v1::TrainRequest request;
    request.mutable_network()->set_cell_type(static_cast<v1::CellType>(cell));
    request.mutable_network()->set_embedding_size(cell);
    request.mutable_network()->set_bidirectional(cell % 2 == 0);
    Violations violations;
    const TrainingPlan plan = PlanTraining(request, nullptr, &violations);
    EXPECT_TRUE(violations.empty());
    const v1::NetworkConfig back = ToProto(plan.network, plan.vocabulary);
    EXPECT_EQ(back.cell_type(), cell);
    EXPECT_EQ(back.embedding_size(), cell);
    EXPECT_EQ(back.bidirectional(), cell % 2 == 0);
  }
}

TEST(PlanTraining, RecipesPatience_NeedsNoneWhereNothingIsHeldOut) {
  v1::TrainRequest request;
  request.mutable_training()->set_recipe(v1::RECIPE_BEST);
  Violations violations;
  EXPECT_EQ(PlanTraining(request, nullptr, &violations).options.early_stopping_patience, 2);
  request.mutable_training()->set_validation_fraction(0);
  EXPECT_EQ(PlanTraining(request, nullptr, &violations).options.early_stopping_patience, 0);
  EXPECT_TRUE(violations.empty()) << ToGrpcStatus(ToStatus(violations)).error_message();
}

TEST(PlanTraining, OffValues_AreAccepted) {
  v1::TrainRequest request;
  request.mutable_network()->set_embedding_size(0);
  request.mutable_network()->set_min_char_count(1);
  v1::TrainingOptions* training = request.mutable_training();
  training->set_dropout(0);
  training->set_weight_decay(0);
  training->set_averaging(0);
  training->set_early_stopping_patience(0);
  training->set_precision(v1::PRECISION_F32);
  EXPECT_TRUE(Check(request).ok()) << Check(request).error_message();
}

TEST(PlanTraining, MaskFraction_IsABidirectionalNetworksAlone) {
  v1::TrainRequest request;
  Violations violations;
  EXPECT_EQ(PlanTraining(request, nullptr, &violations).options.mask_fraction, std::nullopt);
  request.mutable_network()->set_bidirectional(true);
  EXPECT_EQ(PlanTraining(request, nullptr, &violations).options.mask_fraction, 0.15f);
  EXPECT_EQ(PlanTraining(request, nullptr, &violations).options.sequence_length, 64);
  request.mutable_training()->set_mask_fraction(0.3f);
  request.mutable_training()->set_sequence_length(16);
  EXPECT_EQ(PlanTraining(request, nullptr, &violations).options.sequence_length, 16);
  EXPECT_EQ(PlanTraining(request, nullptr, &violations).options.mask_fraction, 0.3f);
  EXPECT_TRUE(violations.empty());
  const v1::TrainingOptions options = ToProto(PlanTraining(request, nullptr, &violations).options);
  EXPECT_EQ(options.mask_fraction(), 0.3f);
}

TEST(PlanTraining, BidirectionalBase_IsTrainedAsItsNetworkThoughTheRequestNamesNone) {
  const NetworkConfig base = {.num_layers = 2, .hidden_size = 7, .bidirectional = true};
  v1::TrainRequest request;
  Violations violations;
  const TrainingPlan plan = PlanTraining(request, &base, &violations);
  EXPECT_EQ(plan.network.hidden_size, 7);
  EXPECT_TRUE(plan.network.bidirectional);
  EXPECT_EQ(plan.options.mask_fraction, 0.15f);
  EXPECT_EQ(plan.options.sequence_length, 64);
  request.mutable_training()->set_mask_fraction(0.3f);
  EXPECT_EQ(PlanTraining(request, &base, &violations).options.mask_fraction, 0.3f);
  EXPECT_TRUE(violations.empty());
  request.mutable_training()->set_sample_every_steps(10);
  PlanTraining(request, &base, &violations);
  ASSERT_EQ(violations.list().size(), 1u);
  EXPECT_EQ(violations.list()[0].field, "training.sample_every_steps");
}

TEST(PlanTraining, SeedRecipe_WritesNoPreviewsFromABidirectionalNetwork) {
  v1::TrainRequest request;
  request.mutable_training()->set_recipe(v1::RECIPE_SEED);
  Violations violations;
  EXPECT_EQ(PlanTraining(request, nullptr, &violations).options.sample_every_steps, 1000);
  request.mutable_network()->set_bidirectional(true);
  EXPECT_EQ(PlanTraining(request, nullptr, &violations).options.sample_every_steps, 0);
  EXPECT_TRUE(violations.empty());
}

TEST(PlanTraining, EveryTrainingFeature_IsReadAndToldAgain) {
  v1::TrainRequest request;
  v1::TrainingOptions* training = request.mutable_training();
  training->set_dropout(0.5f);
  training->set_input_dropout(0.125f);
  training->set_recurrent_dropout(0.0625f);
  training->set_weight_decay(0.25f);
  training->set_averaging(0.5f);
  training->set_early_stopping_patience(3);
  training->set_precision(v1::PRECISION_BF16);
  request.mutable_network()->set_min_char_count(4);
  request.mutable_network()->set_document_separator("--");
  Violations violations;
  const TrainingPlan plan = PlanTraining(request, nullptr, &violations);
  EXPECT_TRUE(violations.empty()) << ToGrpcStatus(ToStatus(violations)).error_message();
  EXPECT_EQ(plan.options.dropout.output, 0.5f);
  EXPECT_EQ(plan.options.dropout.between, 0.25f);
  EXPECT_EQ(plan.options.dropout.input, 0.125f);
  EXPECT_EQ(plan.options.dropout.recurrent, 0.0625f);
  EXPECT_EQ(plan.options.weight_decay, 0.25f);
  EXPECT_EQ(plan.options.averaging, 0.5f);
  EXPECT_EQ(plan.options.early_stopping_patience, 3);
  EXPECT_EQ(plan.options.precision, TrainingPrecision::k16Bit);
  EXPECT_EQ(plan.vocabulary.min_char_count, 4);
  EXPECT_EQ(plan.vocabulary.document_separator, "--");
  EXPECT_EQ(ToProto(plan.options).dropout(), 0.5f);
  EXPECT_EQ(ToProto(plan.options).input_dropout(), 0.125f);
  EXPECT_EQ(ToProto(plan.options).recurrent_dropout(), 0.0625f);
  EXPECT_EQ(ToProto(plan.options).weight_decay(), 0.25f);
  EXPECT_EQ(ToProto(plan.options).averaging(), 0.5f);
  EXPECT_EQ(ToProto(plan.options).early_stopping_patience(), 3);
  EXPECT_EQ(ToProto(plan.options).precision(), v1::PRECISION_BF16);
  EXPECT_EQ(ToProto(plan.network, plan.vocabulary).min_char_count(), 4);
  EXPECT_EQ(ToProto(plan.network, plan.vocabulary).document_separator(), "--");
}

TEST(PlanTraining, Optimizer_BringsItsOwnDefaults) {
  for (int i = v1::OPTIMIZER_SGD; i <= v1::OPTIMIZER_ADAMW; ++i) {
    const auto optimizer = static_cast<v1::Optimizer>(i);
    v1::TrainRequest request;
    request.mutable_training()->set_optimizer(optimizer);
    Violations violations;
    const TrainingPlan plan = PlanTraining(request, nullptr, &violations);
    EXPECT_TRUE(violations.empty());
    EXPECT_EQ(ToProto(plan.options).optimizer(), optimizer);
    EXPECT_EQ(plan.options.learning_rate,
              DefaultLearningRate(Recipe::kFast, plan.options.optimizer));
    EXPECT_EQ(plan.options.weight_decay, optimizer == v1::OPTIMIZER_ADAMW ? 0.01f : 0);
    request.mutable_training()->set_learning_rate(0.5f);
    request.mutable_training()->set_weight_decay(0);
    const TrainingPlan explicit_plan = PlanTraining(request, nullptr, &violations);
    EXPECT_EQ(explicit_plan.options.learning_rate, 0.5);
    EXPECT_EQ(explicit_plan.options.weight_decay, 0);
  }
}

TEST(CheckAgainstBase, FieldsThatDiffer_AreNamedWithBothValues) {
  v1::NetworkConfig base;
  base.set_cell_type(v1::CELL_TYPE_LSTM);
  base.set_hidden_size(8);
  base.set_vocabulary(v1::VOCABULARY_KIND_CODE_POINTS);
  base.set_min_char_count(1);
  v1::NetworkConfig wire;
  wire.set_hidden_size(8);
  Violations same;
  CheckAgainstBase(wire, base, &same);
  EXPECT_TRUE(same.empty());

  wire.set_hidden_size(9);
  wire.set_vocabulary(v1::VOCABULARY_KIND_BYTES);
  wire.set_document_separator("-");
  Violations violations;
  CheckAgainstBase(wire, base, &violations);
  std::vector<std::string> found;
  for (const FieldViolation& v : violations.list()) found.push_back(v.field + " " + v.description);
  EXPECT_THAT(found, ElementsAre("network.hidden_size is 9; the base model has 8",
                                 "network.vocabulary is VOCABULARY_KIND_BYTES; the base model has "
                                 "VOCABULARY_KIND_CODE_POINTS",
                                 "network.document_separator is \"-\"; the base model has \"\""));
}

TEST(ToTimestamp, Milliseconds_AreKept) {
  EXPECT_EQ(ToTimestamp(1234567).seconds(), 1234);
  EXPECT_EQ(ToTimestamp(1234567).nanos(), 567'000'000);
}

}  // namespace
}  // namespace runnel::server
