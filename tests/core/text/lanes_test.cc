#include "core/text/lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace runnel {
namespace {

using testing::ElementsAre;

// A corpus of `size` bytes whose byte at i is i mod 127, so that an id tells where it stood.
Corpus NumberedCorpus(int64_t size) {
  class Numbers : public TextSource {
   public:
    explicit Numbers(int64_t size) : size_(size) {}
    absl::Status Read(absl::FunctionRef<absl::Status(absl::string_view)> sink) const override {
      std::string text(size_, '\0');
      for (int64_t i = 0; i < size_; ++i) text[i] = static_cast<char>(i % 127);
      return sink(text);
    }

   private:
    int64_t size_;
  };
  return Corpus::Load(Numbers(size), VocabularyKind::kBytes).value();
}

struct Batch {
  std::vector<int32_t> inputs;
  std::vector<int32_t> targets;
};

Batch BatchOf(const LaneReader& reader, int lane_begin, int lane_end) {
  Batch batch;
  batch.inputs.resize(reader.steps() * (lane_end - lane_begin));
  batch.targets = batch.inputs;
  reader.CopyBatch(lane_begin, lane_end, batch.inputs.data(), batch.targets.data());
  return batch;
}

TEST(LaneReader, Batch_IsStepsByLanesAndTargetsAreTheNextSymbols) {
  const Corpus corpus = NumberedCorpus(40);
  const LaneReader reader(corpus, {0, 40}, /*lanes=*/3, /*steps=*/2);  // lanes of 13 symbols
  const Batch batch = BatchOf(reader, 0, 3);
  EXPECT_THAT(batch.inputs, ElementsAre(0, 13, 26, 1, 14, 27));
  EXPECT_THAT(batch.targets, ElementsAre(1, 14, 27, 2, 15, 28));
}

TEST(LaneReader, ShardOfLanes_IsCutFromTheWholeBatch) {
  const Corpus corpus = NumberedCorpus(40);
  const LaneReader reader(corpus, {0, 40}, 3, 2);
  EXPECT_THAT(BatchOf(reader, 1, 3).inputs, ElementsAre(13, 26, 14, 27));
  EXPECT_THAT(BatchOf(reader, 2, 3).targets, ElementsAre(27, 28));
}

TEST(LaneReader, Range_OffsetsEveryLane) {
  const Corpus corpus = NumberedCorpus(100);
  LaneReader reader(corpus, {50, 70}, 2, 3);  // lanes at 50 and 60
  EXPECT_THAT(BatchOf(reader, 0, 2).inputs, ElementsAre(50, 60, 51, 61, 52, 62));
  EXPECT_EQ(reader.FirstInput(), 50);
  EXPECT_FALSE(reader.Advance());
  EXPECT_EQ(reader.FirstInput(), 53);
  EXPECT_THAT(BatchOf(reader, 0, 2).inputs, ElementsAre(53, 63, 54, 64, 55, 65));
}

TEST(LaneReader, OneLane_FollowsTheClassicScriptsPointer) {
  for (const int steps : {1, 2, 3, 7, 10}) {
    for (int64_t size = LaneReader::SymbolsMin(1, steps); size < 60; ++size) {
      const Corpus corpus = NumberedCorpus(size);
      LaneReader reader(corpus, {0, size}, 1, steps);
      int64_t p = 0;  // the script: if p + T + 1 >= len(data): p = 0, state = 0
      for (int i = 0; i < 100; ++i) {
        const Batch batch = BatchOf(reader, 0, 1);
        for (int t = 0; t < steps; ++t) {
          ASSERT_EQ(batch.inputs[t], p + t) << size << " symbols, T " << steps;
          ASSERT_EQ(batch.targets[t], p + t + 1);
        }
        p += steps;
        const bool restarts = p + steps + 1 >= size;
        if (restarts) p = 0;
        ASSERT_EQ(reader.Advance(), restarts) << size << " symbols, T " << steps;
      }
    }
  }
}

TEST(LaneReader, BatchesPerEpoch_IsTheCountUntilTheLanesRestart) {
  std::mt19937 random(3);
  for (int trial = 0; trial < 300; ++trial) {
    const int lanes = 1 + random() % 9;
    const int steps = 1 + random() % 20;
    const int64_t size = LaneReader::SymbolsMin(lanes, steps) + random() % 500;
    const Corpus corpus = NumberedCorpus(size);
    LaneReader reader(corpus, {0, size}, lanes, steps);
    for (int epoch = 0; epoch < 2; ++epoch) {
      int64_t batches = 1;
      while (!reader.Advance()) ++batches;
      ASSERT_EQ(reader.batches_per_epoch(), batches)
          << size << " symbols, " << lanes << " lanes, T " << steps;
    }
  }
}

TEST(LaneReader, SmallestRange_GivesOneBatchAgainAndAgain) {
  const int64_t size = LaneReader::SymbolsMin(4, 5);
  EXPECT_EQ(size, 24);
  const Corpus corpus = NumberedCorpus(size);
  LaneReader reader(corpus, {0, size}, 4, 5);
  EXPECT_EQ(reader.batches_per_epoch(), 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(reader.FirstInput(), 0);
    EXPECT_TRUE(reader.Advance());
  }
}

TEST(LaneReader, Documents_ResetTheStateBeforeTheirStart) {
  const Corpus corpus =
      Corpus::Load(StringSource("ab|c|abc|"), VocabularyRules{.document_separator = "|"}).value();
  const LaneReader reader(corpus, {0, corpus.size()}, 2, 4);  // 10 symbols: lanes "|ab|c", "|abc|"
  std::vector<int32_t> inputs(8);
  std::vector<int32_t> targets(8);
  std::vector<uint8_t> resets(8);
  EXPECT_TRUE(reader.CopyBatch(0, 2, inputs.data(), targets.data(), resets.data()));
  EXPECT_THAT(inputs, ElementsAre(3, 3, 0, 0, 1, 1, 3, 2));
  EXPECT_THAT(targets, ElementsAre(0, 0, 1, 1, 3, 2, 2, 3));
  EXPECT_THAT(resets, ElementsAre(1, 1, 0, 0, 0, 0, 1, 0));
}

TEST(LaneReader, ShiftedLanes_ReadRoundTheEndAndResetThere) {
  std::mt19937 random(4);
  for (int trial = 0; trial < 300; ++trial) {
    const int lanes = 1 + random() % 4;
    const int steps = 1 + random() % 9;
    const int64_t size = LaneReader::SymbolsMin(lanes, steps) + random() % 80;
    const Corpus corpus = NumberedCorpus(size + 3);
    LaneReader reader(corpus, {3, 3 + size}, lanes, steps);
    const int64_t shift = random() % reader.positions();
    reader.ShiftBy(shift);
    int64_t offset = 0;
    do {
      Batch batch = BatchOf(reader, 0, lanes);
      std::vector<uint8_t> resets(batch.inputs.size(), 9);
      reader.CopyBatch(0, lanes, batch.inputs.data(), batch.targets.data(), resets.data());
      for (int lane = 0; lane < lanes; ++lane) {
        for (int t = 0; t < steps; ++t) {
          const int64_t from_start = offset + t;
          const int64_t at = (lane * (size / lanes) + shift + from_start) % (size - 1);
          const int i = t * lanes + lane;
          ASSERT_EQ(batch.inputs[i], (3 + at) % 127);
          ASSERT_EQ(batch.targets[i], (4 + at) % 127);
          ASSERT_EQ(resets[i], at == 0 && from_start > 0) << "lane " << lane << " step " << t;
        }
      }
      ASSERT_EQ(reader.FirstInput(), batch.inputs[0]);
      offset += steps;
    } while (!reader.Advance());
  }
}

}  // namespace
}  // namespace runnel
