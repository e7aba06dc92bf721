// Models with random weights, strong enough that their texts depend on what they read.
#ifndef RUNNEL_TESTS_CORE_GENERATE_RANDOM_MODEL_H_
#define RUNNEL_TESTS_CORE_GENERATE_RANDOM_MODEL_H_

#include <memory>
#include <utility>
#include <vector>

#include "core/nn/language_model.h"
#include "core/nn/parameters.h"

namespace runnel {

inline std::shared_ptr<const LanguageModel> RandomModel(
    Vocabulary vocabulary, uint64_t digest = 1, DecodePrecision precision = DecodePrecision::kF32,
    const NetworkConfig& config = {.num_layers = 2, .hidden_size = 24}) {
  auto model = std::make_shared<LanguageModel>();
  const auto network = MakeNetwork<float>(config, vocabulary.size());
  std::vector<float> parameters(network->layout().size());
  InitializeParameters(network->layout(), Initialization::kUniformFanHidden, config.hidden_size, 8,
                       parameters.data());
  for (float& parameter : parameters) parameter *= 5;
  model->decoder = network->NewDecoder(parameters.data(), precision);
  model->vocabulary = std::move(vocabulary);
  model->digest = {.low = digest, .high = 2};
  return model;
}

inline std::shared_ptr<const LanguageModel> LettersModel(
    DecodePrecision precision = DecodePrecision::kF32) {
  return RandomModel(
      Vocabulary::FromCodePoints({U'\n', U' ', U'a', U'b', U'c', U'd', U'\u00E9', U'\u4E16'})
          .value(),
      /*digest=*/1, precision);
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_GENERATE_RANDOM_MODEL_H_
