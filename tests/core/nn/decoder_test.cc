#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <type_traits>
#include <vector>

#include "tests/core/math/rounding.h"
#include "tests/core/math/targets.h"
#include "tests/core/nn/network_runner.h"

namespace runnel {
namespace {

using testing::DoubleNear;
using testing::Pointwise;

constexpr NetworkConfig kConfigs[] = {
    {.cell = CellType::kRnnTanh, .num_layers = 1, .hidden_size = 5},
    {.cell = CellType::kRnnTanh, .num_layers = 3, .hidden_size = 67},
    {.cell = CellType::kRnnRelu, .num_layers = 2, .hidden_size = 64},
    {.cell = CellType::kRnnRelu, .num_layers = 1, .hidden_size = 130},
    {.cell = CellType::kLstm, .num_layers = 2, .hidden_size = 64, .embedding_size = 9},
    {.cell = CellType::kLstmPeephole, .num_layers = 2, .hidden_size = 21},
    {.cell = CellType::kLstmCoupled, .num_layers = 2, .hidden_size = 33},
    {.cell = CellType::kGruResetBefore, .num_layers = 2, .hidden_size = 64},
    {.cell = CellType::kGruResetAfter, .num_layers = 3, .hidden_size = 40, .embedding_size = 5},
};
constexpr int kVocabulary = 71;

template <typename Real>
class DecoderTest : public testing::Test {
 protected:
  // Weights that keep states around 0.5 at any width.
  static std::vector<Real> Weights(const Network<Real>& network, int hidden) {
    return RandomReals<Real>(network.layout().size(), 1 / std::sqrt(hidden), 9);
  }
};

using Reals = testing::Types<double, float>;
TYPED_TEST_SUITE(DecoderTest, Reals);

TYPED_TEST(DecoderTest, SteppingThroughAText_GivesForwardsLogitsAndState) {
  // The two add in different orders: roundings of sums of about 200 products of up to 1 / sqrt(H).
  const double tolerance = std::is_same_v<TypeParam, double> ? 1e-13 : 1e-5;
  for (const NetworkConfig& config : kConfigs) {
    constexpr int kSteps = 12;
    constexpr int kLanes = 3;
    const auto network = MakeNetwork<TypeParam>(config, kVocabulary);
    const auto parameters = this->Weights(*network, config.hidden_size);
    const auto ids = RandomIds(kSteps * kLanes, kVocabulary, 0);
    const std::vector<TypeParam> zeros(network->state_size() * kLanes);
    const auto run = RunNetwork(*network, parameters, zeros, ids, ids, kLanes);

    const auto decoder = network->NewDecoder(parameters.data());
    ASSERT_EQ(decoder->state_size(), network->state_size());
    ASSERT_EQ(decoder->vocabulary_size(), kVocabulary);
    std::vector<std::vector<TypeParam>> states(kLanes,
                                               std::vector<TypeParam>(decoder->state_size()));
    TypeParam* const pointers[] = {states[0].data(), states[1].data(), states[2].data()};
    std::vector<TypeParam> logits;
    for (int t = 0; t < kSteps; ++t) {
      std::vector<TypeParam> step(kLanes * kVocabulary);
      decoder->Step({&ids[t * kLanes], kLanes}, pointers, step.data());
      logits.insert(logits.end(), step.begin(), step.end());
    }
    EXPECT_THAT(logits, Pointwise(DoubleNear(tolerance), run.logits));
    // [layers][states] vectors of H, each of one session there and of all lanes here.
    const int64_t hidden = config.hidden_size;
    for (int64_t vector = 0; vector < network->state_size() / hidden; ++vector) {
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        for (int64_t i = 0; i < hidden; ++i) {
          ASSERT_NEAR(states[lane][vector * hidden + i],
                      run.state[(vector * kLanes + lane) * hidden + i], tolerance);
        }
      }
    }
  }
}

TYPED_TEST(DecoderTest, Session_HasTheSameBitsAloneAndInAnyCompany) {
  for (const NetworkConfig& config : kConfigs) {
    constexpr int kSessions = 17;
    constexpr int kSteps = 6;
    const auto network = MakeNetwork<TypeParam>(config, kVocabulary);
    const auto parameters = this->Weights(*network, config.hidden_size);
    const auto decoder = network->NewDecoder(parameters.data());
    const auto ids = RandomIds(kSessions * kSteps, kVocabulary, 1);  // [session][step]

    // Alone.
    struct Session {
      std::vector<TypeParam> state;
      std::vector<TypeParam> logits;  // of the last step
      int read = 0;
    };
    const Session fresh = {std::vector<TypeParam>(decoder->state_size()),
                           std::vector<TypeParam>(kVocabulary)};
    std::vector<Session> alone(kSessions, fresh);
    for (int s = 0; s < kSessions; ++s) {
      TypeParam* state = alone[s].state.data();
      for (int t = 0; t < kSteps; ++t) {
        decoder->Step({&ids[s * kSteps + t], 1}, {&state, 1}, alone[s].logits.data());
      }
    }
    // In groups of changing size and order: each session that the draw picks reads its next
    // character.
    std::vector<Session> together(kSessions, fresh);
    for (uint64_t round = 0, left = 1; left > 0; ++round) {
      std::vector<int> company;
      left = 0;
      for (int i = 0; i < kSessions; ++i) {
        const int s = round % 2 == 0 ? i : kSessions - 1 - i;
        if (together[s].read == kSteps) continue;
        ++left;
        if (RandomUniform(3, round, s) < 0.6) company.push_back(s);
      }
      std::vector<int32_t> next;
      std::vector<TypeParam*> states;
      for (const int s : company) {
        next.push_back(ids[s * kSteps + together[s].read++]);
        states.push_back(together[s].state.data());
      }
      std::vector<TypeParam> logits(company.size() * kVocabulary);
      decoder->Step(next, states, logits.data());
      for (size_t i = 0; i < company.size(); ++i) {
        together[company[i]].logits.assign(logits.begin() + i * kVocabulary,
                                           logits.begin() + (i + 1) * kVocabulary);
      }
    }
    for (int s = 0; s < kSessions; ++s) {
      ASSERT_EQ(together[s].state, alone[s].state) << "session " << s;
      ASSERT_EQ(together[s].logits, alone[s].logits) << "session " << s;
    }
  }
}

template <typename Real>
void ExpectReadingIsStepping(const Decoder<Real>& decoder, const NetworkConfig& config) {
  constexpr int kSteps = 40;
  const auto ids = RandomIds(kSteps, kVocabulary, 4);
  std::vector<Real> stepped(decoder.state_size());
  std::vector<Real> logits(kVocabulary);
  Real* const pointer = stepped.data();
  for (const int32_t id : ids) decoder.Step({&id, 1}, {&pointer, 1}, logits.data());

  std::vector<Real> read(decoder.state_size());
  DecodeScratch<Real> scratch;
  const absl::Span<const int32_t> all(ids);
  size_t done = 0;
  for (const size_t slice : {1, 0, 7, 20, 2}) {
    decoder.Read(all.subspan(done, slice), read.data(), &scratch);
    done += slice;
  }
  decoder.Read(all.subspan(done), read.data(), &scratch);
  EXPECT_EQ(read, stepped) << CellTypeName(config.cell) << ", "
                           << DecodePrecisionName(decoder.precision());
}

TYPED_TEST(DecoderTest, ReadingInSlices_GivesTheBitsOfStepByStep) {
  for (const NetworkConfig& config : kConfigs) {
    const auto network = MakeNetwork<TypeParam>(config, kVocabulary);
    const auto parameters = this->Weights(*network, config.hidden_size);
    ExpectReadingIsStepping(*network->NewDecoder(parameters.data()), config);
  }
}

TEST(DecoderPrecision, ReadingInSlices_GivesTheBitsOfStepByStep) {
  for (const NetworkConfig& config : kConfigs) {
    const auto network = MakeNetwork<float>(config, kVocabulary);
    const auto parameters =
        RandomReals<float>(network->layout().size(), 1 / std::sqrt(config.hidden_size), 9);
    for (const DecodePrecision precision : kDecodePrecisions) {
      ExpectReadingIsStepping(*network->NewDecoder(parameters.data(), precision), config);
    }
  }
}

TYPED_TEST(DecoderTest, Weights_AreTheDecodersOwnCopy) {
  const auto network = MakeNetwork<TypeParam>(kConfigs[0], kVocabulary);
  auto parameters = this->Weights(*network, 5);
  const auto decoder = network->NewDecoder(parameters.data());
  const auto logits_of = [&] {
    const int32_t id = 3;
    std::vector<TypeParam> state(decoder->state_size());
    TypeParam* pointer = state.data();
    std::vector<TypeParam> logits(kVocabulary);
    decoder->Step({&id, 1}, {&pointer, 1}, logits.data());
    return logits;
  };
  const auto before = logits_of();
  parameters.assign(parameters.size(), 0);
  EXPECT_EQ(logits_of(), before);
}

// The decoder multiplies each embedding by the input weights in advance. It adds these products in
// the order of the embedding's numbers, so that the bits are the same on every machine with fused
// multiply-add. Without an embedding, the result is simply a column of the weights.
TEST(Decoder, Embedding_IsMultipliedInOrder) {
  constexpr int kBytes = 257;
  constexpr int64_t kHidden = 256;
  constexpr int64_t kNumbers = 64;
  const NetworkConfig plain = {.cell = CellType::kRnnTanh, .num_layers = 1, .hidden_size = kHidden};
  NetworkConfig embedded = plain;
  embedded.embedding_size = kNumbers;
  const auto network = MakeNetwork<float>(embedded, kBytes);
  const auto same = MakeNetwork<float>(plain, kBytes);
  const auto parameters = RandomReals<float>(network->layout().size(), 0.1, 9);
  std::vector<float> merged(same->layout().size());
  for (const Tensor& tensor : same->layout().tensors()) {
    const Tensor* from = network->layout().Find(tensor.name);
    if (tensor.role == TensorRole::kInputWeight || tensor.role == TensorRole::kBias) continue;
    std::copy_n(&parameters[from->offset], tensor.size(), &merged[tensor.offset]);
  }
  const float* const w = &parameters[network->layout().Find("rnn.weight_ih_l0")->offset];
  const float* const bias = &parameters[network->layout().Find("rnn.bias_ih_l0")->offset];
  const float* const embedding = &parameters[network->layout().Find("embedding.weight")->offset];
  float* to = &merged[same->layout().Find("rnn.weight_ih_l0")->offset];  // [V x H]
  for (int64_t id = 0; id < kBytes; ++id) {
    for (int64_t unit = 0; unit < kHidden; ++unit) {
      float sum = bias[unit];
      for (int64_t i = 0; i < kNumbers; ++i) {
        sum = std::fma(embedding[id * kNumbers + i], w[unit * kNumbers + i], sum);
      }
      *to++ = sum;
    }
  }
  const auto logits_of = [](const Network<float>& of, const std::vector<float>& weights) {
    const auto decoder = of.NewDecoder(weights.data());
    std::vector<float> logits(kBytes * kBytes);
    for (int32_t id = 0; id < kBytes; ++id) {
      std::vector<float> state(decoder->state_size());
      float* const pointer = state.data();
      decoder->Step({&id, 1}, {&pointer, 1}, &logits[id * kBytes]);
    }
    return logits;
  };
  for (const int64_t target : FusedTargets()) {
    const ScopedTarget scoped(target);
    EXPECT_EQ(logits_of(*network, parameters), logits_of(*same, merged));
  }
}

TEST(Decoder, Bytes_AreThoseOfTheTablesItKeeps) {
  const NetworkConfig config = {.cell = CellType::kLstm, .hidden_size = 64, .embedding_size = 8};
  constexpr int64_t kLargeVocabulary = 5000;
  const auto network = MakeNetwork<float>(config, kLargeVocabulary);
  const std::vector<float> parameters(network->layout().size());
  // A row of gates a character, however few numbers an embedding has.
  constexpr int64_t kTable = kLargeVocabulary * 4 * 64 * sizeof(float);
  const int64_t f32 = network->NewDecoder(parameters.data())->bytes();
  EXPECT_GT(f32, kTable + kLargeVocabulary * 64 * sizeof(float));
  EXPECT_LT(f32, kTable + kLargeVocabulary * 80 * sizeof(float));
  const int64_t int8 = network->NewDecoder(parameters.data(), DecodePrecision::kInt8)->bytes();
  EXPECT_GT(int8, kTable + kLargeVocabulary * 64);
  EXPECT_LT(int8, kTable + kLargeVocabulary * 90);
}

TEST(DecoderPrecision, IsWhatWasAskedFor) {
  const auto network = MakeNetwork<float>(kConfigs[0], kVocabulary);
  const std::vector<float> parameters(network->layout().size());
  EXPECT_EQ(network->NewDecoder(parameters.data())->precision(), DecodePrecision::kF32);
  for (const DecodePrecision precision : kDecodePrecisions) {
    EXPECT_EQ(network->NewDecoder(parameters.data(), precision)->precision(), precision);
  }
}

// Decodes many steps of one lane at `precision`: [steps x V].
std::vector<float> LogitsAt(const Network<float>& network, const std::vector<float>& parameters,
                            DecodePrecision precision) {
  constexpr int kSteps = 40;
  const auto decoder = network.NewDecoder(parameters.data(), precision);
  const auto ids = RandomIds(kSteps, kVocabulary, 2);
  std::vector<float> state(decoder->state_size());
  float* const pointer = state.data();
  DecodeScratch<float> scratch;
  std::vector<float> logits(kSteps * kVocabulary);
  for (int t = 0; t < kSteps; ++t) {
    decoder->Step({&ids[t], 1}, {&pointer, 1}, &logits[t * kVocabulary], &scratch);
  }
  return logits;
}

TEST(DecoderPrecision, SmallerWeights_StayNearAndAreNotTheSame) {
  for (const NetworkConfig& config : kConfigs) {
    const auto network = MakeNetwork<float>(config, kVocabulary);
    const auto parameters =
        RandomReals<float>(network->layout().size(), 1 / std::sqrt(config.hidden_size), 9);
    const auto exact = LogitsAt(*network, parameters, DecodePrecision::kF32);
    double square = 0;
    for (const float logit : exact) square += logit * logit;
    const double spread = std::sqrt(square / static_cast<double>(exact.size()));
    // As GradientTolerance has it, forward only: each layer has a product with its states, whose
    // errors also carry over from the step before, and one with what reads it. Of some thousand
    // logits the worst is off by about 4.5 standard deviations.
    constexpr double kWorst = 4.5;
    const double products = std::sqrt(config.num_layers * (1 + 4.0 / 3));
    for (const DecodePrecision precision : {DecodePrecision::kBf16, DecodePrecision::kInt8}) {
      const double tolerance = kWorst * products * DecodeRounding(precision) * spread;
      const auto logits = LogitsAt(*network, parameters, precision);
      EXPECT_THAT(logits, Pointwise(DoubleNear(tolerance), exact)) << CellTypeName(config.cell);
      EXPECT_NE(logits, exact) << CellTypeName(config.cell);
    }
  }
}

}  // namespace
}  // namespace runnel
