// Compares the estimate of a training's memory with the bytes that the training allocates.
#include "core/train/training_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/text/utf8.h"
#include "core/train/training_run.h"
#include "tests/core/train/training_fixture.h"
#include "tests/testing/allocations.h"

namespace runnel {
namespace {

struct Case {
  std::string name;
  NetworkConfig network;
  TrainingOptions options;
};

// Three shards, and an evaluation of 32 lanes.
Case TwoLayers(CellType cell) {
  return {.name = std::string(CellTypeName(cell)),
          .network = {.cell = cell, .num_layers = 2, .hidden_size = 64},
          .options = {.max_steps = 3,
                      .sequence_length = 32,
                      .batch_size = 40,
                      .validation_fraction = 0.3f,
                      .evaluate_every_steps = 2}};
}

std::vector<Case> CasesOf(CellType cell) {
  std::vector<Case> cases(6, TwoLayers(cell));
  cases[1].name += ", bidirectional";
  cases[1].network.bidirectional = true;
  cases[1].options.mask_fraction = 0.15f;
  cases[2].name += ", of an embedding";
  cases[2].network.embedding_size = 24;
  cases[3].name += ", averaging";
  cases[3].options.averaging = 0.9f;
  cases[4].name += ", dropout";
  cases[4].options.dropout = {.input = 0.1f, .between = 0.2f, .output = 0.3f, .recurrent = 0.4f};
  cases[5].name += ", lanes that restart, previews";
  cases[5].options.shift_lanes = true;
  cases[5].options.state_reset_share = 0.1;
  cases[5].options.sample_every_steps = 1;
  return cases;
}

// Makes a decoder where a preview is due, as the server does.
class Previewer : public TrainingObserver {
 public:
  bool StopRequested() override { return false; }
  void OnReport(const ProgressReport& report, const Trainer<float>& trainer) override {
    if (report.sample_due) trainer.network().NewDecoder(trainer.outcome().data());
  }
};

double BytesTaken(const Case& c, const Corpus& corpus, const Network<float>& network, int threads) {
  WorkerPool pool(threads);
  Previewer observer;
  AllocationCounter allocations;
  Trainer<float> trainer(network, corpus, c.options, &pool);
  const auto outcome = RunTraining(
      c.options, [] { return 0.0; }, &trainer, &observer);
  allocations.Stop();
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return static_cast<double>(allocations.peak_bytes());
}

// The estimate is an upper one: it adds up the parts as if all were as large as they may become and
// were there at the same time, during an evaluation; and it takes rows of gates to be padded by as
// much as may be. The padding counts most for cells with few rows, where the ratio is 1.21; with
// four rows of gates it is 1.04. How much two threads take depends on chance, because one of them
// may do all the work, so only the lower bound holds for them.
TEST(TrainingMemory, Estimate_IsAtLeastTheBytesTakenAndNotFarAbove) {
  if (kNoAllocationCounts != nullptr) GTEST_SKIP() << kNoAllocationCounts;
  constexpr double kRatioMax = 1.3;
  const Corpus corpus = BrookCorpus(700);
  const int symbols = corpus.vocabulary().size();
  for (const CellType cell : kCellTypes) {
    std::vector<Case> cases = CasesOf(cell);
    for (Case& c : cases) {
      for (const TrainingPrecision precision : kTrainingPrecisions) {
        // Where the processor has no 16-bit products, they take most of the time.
        if (precision != TrainingPrecision::kF32 && &c != &cases.front()) continue;
        SCOPED_TRACE(c.name + ", " + std::string(TrainingPrecisionName(precision)));
        c.options.precision = precision;
        const auto network = MakeNetwork<float>(c.network, symbols);
        const auto estimate = [&](int threads) {
          return EstimateTrainingMemory(c.network, c.options, symbols, network->layout().size(),
                                        threads)
              .Sum();
        };
        const double taken = BytesTaken(c, corpus, *network, 1);
        EXPECT_GE(estimate(1), taken);
        EXPECT_LE(estimate(1), kRatioMax * taken);
        EXPECT_GE(estimate(2), BytesTaken(c, corpus, *network, 2));
      }
    }
  }
}

// The decoder that writes a preview keeps the gates that each character's embedding gives, which is
// more than the weights if there are many characters.
TEST(TrainingMemory, PreviewsOfAnEmbeddingOfManySymbols_AreCounted) {
  if (kNoAllocationCounts != nullptr) GTEST_SKIP() << kNoAllocationCounts;
  std::string text;
  for (char32_t i = 0; i < 4500; ++i) AppendUtf8(U'\u4E00' + i % 1500, &text);
  const Corpus corpus = Corpus::Load(StringSource(text), VocabularyKind::kCodePoints).value();
  const int symbols = corpus.vocabulary().size();
  for (const CellType cell : kCellTypes) {
    SCOPED_TRACE(std::string(CellTypeName(cell)));
    Case c = TwoLayers(cell);
    c.network.embedding_size = 8;
    c.options.batch_size = 1;
    c.options.sequence_length = 8;
    c.options.validation_fraction = 0;
    c.options.sample_every_steps = 1;
    const auto network = MakeNetwork<float>(c.network, symbols);
    const TrainingMemory memory =
        EstimateTrainingMemory(c.network, c.options, symbols, network->layout().size(), 1);
    EXPECT_GE(memory.Sum(), BytesTaken(c, corpus, *network, 1));
  }
}

// A larger size of anything takes no less.
TEST(TrainingMemory, Estimate_GrowsWithEverySize) {
  const Case small = TwoLayers(CellType::kLstm);
  const auto bytes = [](const Case& c, int symbols, int threads) {
    const auto network = MakeNetwork<float>(c.network, symbols);
    return EstimateTrainingMemory(c.network, c.options, symbols, network->layout().size(), threads)
        .Sum();
  };
  const double least = bytes(small, 30, 1);
  EXPECT_GT(bytes(small, 31, 1), least);
  EXPECT_GT(bytes(small, 30, 2), least);
  for (auto grow :
       {+[](Case* c) { ++c->network.hidden_size; }, +[](Case* c) { ++c->network.num_layers; },
        +[](Case* c) { ++c->options.sequence_length; }, +[](Case* c) { ++c->options.batch_size; },
        +[](Case* c) { c->options.averaging = 0.5f; }}) {
    Case larger = small;
    grow(&larger);
    EXPECT_GT(bytes(larger, 30, 1), least);
  }
  Case huge = small;
  huge.network = {.cell = CellType::kLstmPeephole, .num_layers = 8, .hidden_size = 4096};
  huge.options.batch_size = TrainingOptions::kLanesMax;
  huge.options.sequence_length = TrainingOptions::kStepsMax;
  EXPECT_GT(bytes(huge, 1'000'000, 64), 1e12);
}

}  // namespace
}  // namespace runnel
