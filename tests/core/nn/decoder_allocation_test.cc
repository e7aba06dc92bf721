// A decoder's step or reading allocates nothing once its scratch has grown to the largest.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/nn/initialization.h"
#include "core/nn/network.h"
#include "tests/testing/allocations.h"

namespace runnel {
namespace {

constexpr int kVocabulary = 71;
constexpr int kSessionsMax = 9;

constexpr NetworkConfig kConfigs[] = {
    {.cell = CellType::kRnnTanh, .num_layers = 1, .hidden_size = 67},
    {.cell = CellType::kLstm, .num_layers = 2, .hidden_size = 64},
    {.cell = CellType::kLstmPeephole, .num_layers = 2, .hidden_size = 21, .embedding_size = 9},
    {.cell = CellType::kGruResetBefore, .num_layers = 3, .hidden_size = 40},
    {.cell = CellType::kGruResetAfter, .num_layers = 2, .hidden_size = 33},
};

class DecoderAllocation : public testing::TestWithParam<DecodePrecision> {};

TEST_P(DecoderAllocation, StepOrReading_AfterTheLargest_AllocatesNothing) {
  if (kNoAllocationCounts != nullptr) GTEST_SKIP() << kNoAllocationCounts;
  for (const NetworkConfig& config : kConfigs) {
    const auto network = MakeNetwork<float>(config, kVocabulary);
    std::vector<float> parameters(network->layout().size());
    InitializeParameters(*network, Initialization::kUniformFanHidden, 1, parameters.data());
    const auto decoder = network->NewDecoder(parameters.data(), GetParam());
    std::vector<std::vector<float>> states(kSessionsMax, std::vector<float>(decoder->state_size()));
    std::vector<float*> columns;
    for (std::vector<float>& state : states) columns.push_back(state.data());
    const std::vector<int32_t> ids(kSessionsMax, 1);
    std::vector<float> logits(kSessionsMax * kVocabulary);
    DecodeScratch<float> scratch;
    decoder->Step(ids, columns, logits.data(), &scratch);
    decoder->Read(ids, columns.front(), &scratch);

    AllocationCounter allocations;
    for (int sessions = 1; sessions <= kSessionsMax; ++sessions) {
      decoder->Step({ids.data(), static_cast<size_t>(sessions)},
                    {columns.data(), static_cast<size_t>(sessions)}, logits.data(), &scratch);
      decoder->Read({ids.data(), static_cast<size_t>(sessions)}, columns.front(), &scratch);
    }
    allocations.Stop();
    EXPECT_EQ(allocations.count(), 0)
        << CellTypeName(config.cell) << ": " << allocations.Describe();
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, DecoderAllocation,
                         testing::Values(DecodePrecision::kF32, DecodePrecision::kBf16,
                                         DecodePrecision::kInt8));

}  // namespace
}  // namespace runnel
