// What decoding computes, to the bit, as every processor with fused multiply-add must: the numbers
// were written down on one with AVX2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "tests/core/math/targets.h"
#include "tests/core/nn/network_runner.h"

namespace runnel {
namespace {

constexpr int kSymbols = 23;
constexpr int kSteps = 40;

// FNV-1a (Fowler, Noll and Vo) of all logits of a text of random symbols.
uint64_t HashOfLogits(CellType cell, DecodePrecision precision) {
  const auto network = MakeNetwork<float>(
      {.cell = cell, .num_layers = 2, .hidden_size = 37, .embedding_size = 11}, kSymbols);
  const auto parameters = RandomReals<float>(network->layout().size(), 0.5, 0);
  const auto decoder = network->NewDecoder(parameters.data(), precision);
  std::vector<float> state(decoder->state_size());
  float* pointer = state.data();
  std::vector<float> logits(kSymbols);
  uint64_t hash = 0xcbf29ce484222325;
  for (const int32_t id : RandomIds(kSteps, kSymbols, 0)) {
    decoder->Step({&id, 1}, {&pointer, 1}, logits.data());
    for (const float logit : logits) {
      uint32_t bits = 0;
      std::memcpy(&bits, &logit, sizeof(bits));
      hash = (hash ^ bits) * 0x100000001b3;
    }
  }
  return hash;
}

TEST(DecoderBits, FusedTargets_GiveTheBitsThatWereWrittenDown) {
  struct {
    CellType cell;
    uint64_t f32, bf16, int8;
  } const cases[] = {
      {CellType::kRnnTanh, 0x0283CB689D9D33E0, 0xD46629C4FD7DA625, 0x34B910B9922D97EB},
      {CellType::kRnnRelu, 0xC76215934C7B693C, 0x5F6E9AE44D8EF5C2, 0x6A388A90F7626200},
      {CellType::kLstm, 0x913C33922B6D9AED, 0x9E2E6357EBBD9E34, 0x78E840AC563E921C},
      {CellType::kLstmPeephole, 0x75B512C8F1518EF6, 0xE16A8C2205C2DAFA, 0xC6A6919C0173D511},
      {CellType::kLstmCoupled, 0x66A66765FEF95C20, 0x81A0B1EFC70D64DC, 0x97DF34E79F39DC7D},
      {CellType::kGruResetBefore, 0xA6CFAD4BA5DDD69E, 0xAB538E358377EFDD, 0x7117EB7A6DCE5356},
      {CellType::kGruResetAfter, 0xDC070B89EDDF4CD3, 0x89994933FA16280E, 0x08AAFAB41653E664},
  };
  for (const auto& [cell, f32, bf16, int8] : cases) {
    for (const int64_t target : FusedTargets()) {
      const ScopedTarget scoped(target);
      SCOPED_TRACE(hwy::TargetName(target));
      SCOPED_TRACE(CellTypeName(cell));
      EXPECT_EQ(HashOfLogits(cell, DecodePrecision::kF32), f32);
      EXPECT_EQ(HashOfLogits(cell, DecodePrecision::kBf16), bf16);
      EXPECT_EQ(HashOfLogits(cell, DecodePrecision::kInt8), int8);
    }
  }
}

}  // namespace
}  // namespace runnel
