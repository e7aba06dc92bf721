#include "core/nn/language_model.h"

#include <utility>

namespace runnel {

void LanguageModel::SetWeights(const NetworkConfig& config, std::vector<float> parameters,
                               DecodePrecision precision) {
  decoder = nullptr;
  cloze = nullptr;
  std::unique_ptr<const Network<float>> network = MakeNetwork<float>(config, vocabulary.size());
  if (network->bidirectional()) {
    cloze = std::make_unique<ClozeModel>(std::move(network), std::move(parameters));
  } else {
    decoder = network->NewDecoder(parameters.data(), precision);
  }
}

}  // namespace runnel
