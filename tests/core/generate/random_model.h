// Models with random weights, so strong that what they say depends on what they read.
#ifndef RUNNEL_TESTS_CORE_GENERATE_RANDOM_MODEL_H_
#define RUNNEL_TESTS_CORE_GENERATE_RANDOM_MODEL_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/thread.h"
#include "core/math/random.h"
#include "core/nn/initialization.h"
#include "core/nn/language_model.h"
#include "core/nn/parameters.h"

namespace runnel {

// The weights are `strength` times what a new network begins with.
inline std::shared_ptr<const LanguageModel> RandomModel(
    Vocabulary vocabulary, uint64_t digest = 1, DecodePrecision precision = DecodePrecision::kF32,
    const NetworkConfig& config = {.num_layers = 2, .hidden_size = 24}, double strength = 5) {
  PrepareThreadForMath();
  const auto network = MakeNetwork<float>(config, vocabulary.size());
  std::vector<float> parameters(network->layout().size());
  InitializeParameters(*network, Initialization::kUniformFanHidden, 8, parameters.data());
  for (float& parameter : parameters) parameter = static_cast<float>(parameter * strength);
  auto model = std::make_shared<LanguageModel>();
  model->vocabulary = std::move(vocabulary);
  model->SetWeights(config, std::move(parameters), precision);
  model->digest = {.low = digest, .high = 2};
  return model;
}

inline Vocabulary Letters() {
  return Vocabulary::FromCodePoints(
             {U'\n', U' ', U'a', U'b', U'c', U'd', U'e', U'\u00E9', U'\u4E16'})
      .value();
}

inline std::shared_ptr<const LanguageModel> LettersModel(
    DecodePrecision precision = DecodePrecision::kF32) {
  return RandomModel(
      Vocabulary::FromCodePoints({U'\n', U' ', U'a', U'b', U'c', U'd', U'\u00E9', U'\u4E16'})
          .value(),
      /*digest=*/1, precision);
}

inline std::shared_ptr<const LanguageModel> RandomBidirectional(Vocabulary vocabulary,
                                                                double strength = 3) {
  return RandomModel(
      std::move(vocabulary), /*digest=*/1, DecodePrecision::kF32,
      {.cell = CellType::kLstm, .num_layers = 2, .hidden_size = 12, .bidirectional = true},
      strength);
}

// Finite weights near the largest float, whose products overflow.
inline constexpr double kOverflowingStrength = 1e39;

// Any `count` ids of a vocabulary of `size`.
inline std::vector<int32_t> RandomIds(int64_t count, int size, uint64_t seed) {
  std::vector<int32_t> ids(count);
  for (int64_t i = 0; i < count; ++i) {
    ids[i] = static_cast<int32_t>(RandomUniform(seed, 0, i) * size);
  }
  return ids;
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_GENERATE_RANDOM_MODEL_H_
