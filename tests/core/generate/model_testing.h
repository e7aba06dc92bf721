// Models with random weights, strong enough that what they say depends on what they read.
#ifndef RUNNEL_TESTS_CORE_GENERATE_MODEL_TESTING_H_
#define RUNNEL_TESTS_CORE_GENERATE_MODEL_TESTING_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/thread.h"
#include "core/math/random.h"
#include "core/nn/language_model.h"

namespace runnel {

inline Vocabulary Letters() {
  return Vocabulary::FromCodePoints(
             {U'\n', U' ', U'a', U'b', U'c', U'd', U'e', U'\u00E9', U'\u4E16'})
      .value();
}

inline std::shared_ptr<const LanguageModel> MakeRandomModel(const NetworkConfig& config,
                                                            Vocabulary vocabulary) {
  PrepareThreadForMath();
  const auto network = MakeNetwork<float>(config, vocabulary.size());
  std::vector<float> parameters(network->layout().size());
  InitializeParameters(network->layout(), Initialization::kUniformFanHidden, config.hidden_size, 8,
                       parameters.data());
  for (float& parameter : parameters) parameter *= 3;
  auto model = std::make_shared<LanguageModel>();
  model->vocabulary = std::move(vocabulary);
  model->SetWeights(config, std::move(parameters));
  return model;
}

inline std::shared_ptr<const LanguageModel> RandomBidirectional(Vocabulary vocabulary) {
  return MakeRandomModel(
      {.cell = CellType::kLstm, .num_layers = 2, .hidden_size = 12, .bidirectional = true},
      std::move(vocabulary));
}

// Any `count` ids of a vocabulary of `size`.
inline std::vector<int32_t> RandomIds(int64_t count, int size, uint64_t seed) {
  std::vector<int32_t> ids(count);
  for (int64_t i = 0; i < count; ++i) {
    ids[i] = static_cast<int32_t>(RandomUniform(seed, 0, i) * size);
  }
  return ids;
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_GENERATE_MODEL_TESTING_H_
