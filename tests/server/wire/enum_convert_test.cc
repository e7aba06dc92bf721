#include "server/wire/enum_convert.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/math/training_precision.h"
#include "core/nn/cell_type.h"
#include "core/text/vocabulary.h"
#include "core/train/training_options.h"
#include "runnel/v1/training.pb.h"

namespace runnel::server {
namespace {

// Goes through all values on both sides, so that one that is only on one side fails.
template <typename WireEnum, typename Enum, size_t kCount>
void ExpectSameValues(const EnumTable<Enum, kCount>& table) {
  const google::protobuf::EnumDescriptor& wire = *google::protobuf::GetEnumDescriptor<WireEnum>();
  SCOPED_TRACE(wire.full_name());
  std::set<Enum> met;
  for (int i = 0; i < wire.value_count(); ++i) {
    const auto value = static_cast<WireEnum>(wire.value(i)->number());
    const std::optional<Enum> known = FromWire(table, value);
    EXPECT_EQ(known.has_value(), value != 0) << wire.value(i)->name();
    if (!known) continue;
    EXPECT_EQ(ToWire<WireEnum>(table, *known), value) << wire.value(i)->name();
    met.insert(*known);
  }
  for (const Enum value : table) EXPECT_TRUE(met.contains(value)) << table.NameOf(value);
  // A value that the table lacks would be the one after its last.
  EXPECT_EQ(static_cast<size_t>(*met.rbegin()) + 1, table.size());
  EXPECT_EQ(FromWire(table, static_cast<WireEnum>(99)), std::nullopt);
  EXPECT_EQ(FromWire(table, static_cast<WireEnum>(-1)), std::nullopt);
  EXPECT_EQ(ToWire<WireEnum>(table, static_cast<Enum>(99)), 0);
}

TEST(EnumConvert, EveryValue_GoesBothWays) {
  ExpectSameValues<v1::CellType>(kCellTypes);
  ExpectSameValues<v1::VocabularyKind>(kVocabularyKinds);
  ExpectSameValues<v1::Recipe>(kRecipes);
  ExpectSameValues<v1::Optimizer>(kOptimizers);
  ExpectSameValues<v1::LearningRateSchedule>(kSchedules);
  ExpectSameValues<v1::Precision>(kTrainingPrecisions);
  ExpectSameValues<v1::LossReduction>(kLossReductions);
}

TEST(EnumConvert, Numbers_AreThoseOfTheContract) {
  EXPECT_EQ(ToWire<v1::CellType>(kCellTypes, CellType::kGruResetAfter),
            v1::CELL_TYPE_GRU_RESET_AFTER);
  EXPECT_EQ(ToWire<v1::Optimizer>(kOptimizers, Optimizer::kAdamW), v1::OPTIMIZER_ADAMW);
  EXPECT_EQ(ToWire<v1::LossReduction>(kLossReductions, LossReduction::kSumOverTime),
            v1::LOSS_REDUCTION_SUM_OVER_TIME);
  EXPECT_EQ(FromWire(kTrainingPrecisions, v1::PRECISION_BF16), TrainingPrecision::k16Bit);
}

TEST(ReadEnum, UnspecifiedKeepsTheValueAndUnknownIsNamed) {
  Violations violations;
  CellType cell = CellType::kLstm;
  ReadEnum("cell_type", v1::CELL_TYPE_UNSPECIFIED, kCellTypes, &cell, &violations);
  EXPECT_EQ(cell, CellType::kLstm);
  EXPECT_TRUE(violations.empty());
  ReadEnum("cell_type", v1::CELL_TYPE_RNN_RELU, kCellTypes, &cell, &violations);
  EXPECT_EQ(cell, CellType::kRnnRelu);
  ReadEnum("cell_type", static_cast<v1::CellType>(99), kCellTypes, &cell, &violations);
  EXPECT_EQ(cell, CellType::kRnnRelu);
  ASSERT_EQ(violations.list().size(), 1u);
  EXPECT_EQ(violations.list()[0].field, "cell_type");
  EXPECT_EQ(violations.list()[0].description, "is 99; there is no such value");
}

}  // namespace
}  // namespace runnel::server
