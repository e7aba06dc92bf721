// Makes safetensors files by hand, for tests of their readers.
#ifndef RUNNEL_TESTS_CORE_MODEL_SAFETENSORS_TESTING_H_
#define RUNNEL_TESTS_CORE_MODEL_SAFETENSORS_TESTING_H_

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/model/safetensors.h"

namespace runnel {

struct HandMadeTensor {
  std::vector<uint64_t> shape;
  std::vector<float> values;
};
using HandMadeFile = std::map<std::string, HandMadeTensor>;

inline std::string FileOf(const HandMadeFile& file, const SafetensorsMetadata& metadata = {}) {
  std::vector<StoredTensor> stored;
  std::string data;
  for (const auto& [name, tensor] : file) {
    const uint64_t begin = data.size();
    data.append(reinterpret_cast<const char*>(tensor.values.data()),
                tensor.values.size() * sizeof(float));
    stored.push_back({name, "F32", tensor.shape, begin, data.size()});
  }
  return EncodeSafetensorsHeader(metadata, stored) + data;
}

// A tensor whose values are `first`, `first` + 1, ... eighths.
inline HandMadeTensor Counting(std::vector<uint64_t> shape, int first = 1) {
  HandMadeTensor tensor{.shape = std::move(shape)};
  uint64_t size = 1;
  for (const uint64_t dimension : tensor.shape) size *= dimension;
  for (uint64_t i = 0; i < size; ++i) {
    tensor.values.push_back(static_cast<float>(first + static_cast<int>(i)) / 8);
  }
  return tensor;
}

// nn.RNN, nn.GRU, nn.LSTM (gates 1, 3, 4) of one layer with a linear output layer.
inline HandMadeFile StateDict(uint64_t gates, uint64_t hidden, uint64_t vocabulary) {
  return {{"rnn.weight_ih_l0", Counting({gates * hidden, vocabulary})},
          {"rnn.weight_hh_l0", Counting({gates * hidden, hidden})},
          {"rnn.bias_ih_l0", Counting({gates * hidden})},
          {"rnn.bias_hh_l0", Counting({gates * hidden}, 100)},
          {"fc.weight", Counting({vocabulary, hidden})},
          {"fc.bias", Counting({vocabulary})}};
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_MODEL_SAFETENSORS_TESTING_H_
