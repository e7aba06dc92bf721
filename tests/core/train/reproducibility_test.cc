// The same seed gives the same weights to the bit, on any number of threads, whatever the options,
// and whatever the memory held before.
#include <gtest/gtest.h>
#include <malloc.h>

#include <functional>
#include <string>

#include "tests/core/train/training_fixture.h"

namespace runnel {
namespace {

struct Variant {
  std::string name;
  std::function<void(TrainingOptions*)> set;
  std::string separator;
};

class Reproducibility : public testing::TestWithParam<Variant> {
 protected:
  static std::vector<float> Train(int threads, uint64_t seed) {
    TrainingOptions options = {.sequence_length = 7,
                               .batch_size = 36,
                               .clip_norm = 0.5f,
                               .validation_fraction = 0,
                               .state_reset_share = 0.05};
    options.seed = seed;
    GetParam().set(&options);
    std::string text;
    for (int i = 0; i < 25; ++i) text += "the brook runs down the hill\nand on.\nAnd on, on\n";
    const Corpus corpus = Corpus::Load(StringSource(text),
                                       VocabularyRules{.document_separator = GetParam().separator})
                              .value();
    TrainingSetup<float> setup(
        corpus, {.cell = CellType::kLstm, .num_layers = 2, .hidden_size = 40}, options, threads);
    const int64_t steps = 3 * setup.trainer.batches_per_epoch() + 1;
    for (int64_t step = 0; step < steps; ++step) setup.trainer.Step(0.01f);
    return setup.trainer.outcome();
  }
};

TEST_P(Reproducibility, SameSeed_GivesTheSameBitsOnOneThreadOrTwo) {
  const std::vector<float> one = Train(1, 5);
  EXPECT_EQ(Train(2, 5), one);
  EXPECT_EQ(Train(1, 5), one);
  EXPECT_NE(Train(2, 6), one);
}

INSTANTIATE_TEST_SUITE_P(
    Options, Reproducibility,
    testing::Values(
        Variant{"Sgd", [](auto* o) { o->optimizer = Optimizer::kSgd; }, ""},
        Variant{"Adagrad", [](auto* o) { o->optimizer = Optimizer::kAdagrad; }, ""},
        Variant{"Rmsprop", [](auto* o) { o->optimizer = Optimizer::kRmsprop; }, ""},
        Variant{"Adam", [](auto* o) { o->optimizer = Optimizer::kAdam; }, ""},
        Variant{"AdamW",
                [](auto* o) {
                  o->optimizer = Optimizer::kAdamW;
                  o->weight_decay = 0.1f;
                },
                ""},
        Variant{"Averaging", [](auto* o) { o->averaging = 0.9f; }, ""},
        Variant{"Dropout",
                [](auto* o) {
                  o->dropout = {.input = 0.1f, .between = 0.3f, .output = 0.4f, .recurrent = 0.2f};
                },
                ""},
        Variant{"ShiftedLanes", [](auto* o) { o->shift_lanes = true; }, ""},
        Variant{"Orthogonal", [](auto* o) { o->initialization = Initialization::kOrthogonal; }, ""},
        Variant{"OrthogonalWide",
                [](auto* o) { o->initialization = Initialization::kOrthogonalWide; }, ""},
        Variant{"Documents", [](auto*) {}, "\n"},
        Variant{"Everything",
                [](auto* o) {
                  o->optimizer = Optimizer::kAdamW;
                  o->weight_decay = 0.1f;
                  o->averaging = 0.9f;
                  o->dropout = {.input = 0.1f, .between = 0.3f, .output = 0.4f, .recurrent = 0.2f};
                  o->shift_lanes = true;
                  o->initialization = Initialization::kOrthogonal;
                },
                "\n"}),
    [](const auto& info) { return info.param.name; });

// While this lives, the allocator fills new memory with bytes that make huge numbers. (Sanitizers
// have allocators of their own, which do not.)
class FilledMemory {
 public:
  FilledMemory() { mallopt(M_PERTURB, 1); }
  ~FilledMemory() { mallopt(M_PERTURB, 0); }
};

class UninitializedMemory : public testing::TestWithParam<CellType> {};

TEST_P(UninitializedMemory, ChangesNoBit) {
  TrainingOptions options = SmallTraining();
  options.batch_size = 36;  // three shards
  options.dropout = {.input = 0.1f, .between = 0.3f, .output = 0.4f, .recurrent = 0.2f};
  options.state_reset_share = 0.1;
  for (const bool bidirectional : {false, true}) {
    if (bidirectional) options.mask_fraction = 0.3f;
    for (const int embedding : {0, 5}) {
      for (const auto precision : {TrainingPrecision::kF32, TrainingPrecision::k16Bit}) {
        options.precision = precision;
        const auto train = [&] {
          TrainingSetup<float> setup(BrookCorpus(30),
                                     {.cell = GetParam(),
                                      .num_layers = 2,
                                      .hidden_size = 13,
                                      .bidirectional = bidirectional,
                                      .embedding_size = embedding},
                                     options, /*threads=*/2);
          for (int step = 0; step < 3; ++step) setup.trainer.Step(0.01f);
          return setup.trainer.parameters();
        };
        const std::vector<float> expected = train();
        const FilledMemory filled;
        EXPECT_EQ(train(), expected) << bidirectional << " " << embedding;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, UninitializedMemory, testing::ValuesIn(kCellTypes),
                         [](const auto& info) { return std::string(CellTypeName(info.param)); });

}  // namespace
}  // namespace runnel
