// A bidirectional network with its weights, ready to predict the hidden characters of a text. It is
// immutable, and threads may share it.
#ifndef RUNNEL_CORE_NN_CLOZE_MODEL_H_
#define RUNNEL_CORE_NN_CLOZE_MODEL_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/math/aligned_vector.h"
#include "core/nn/network.h"

namespace runnel {

class ClozeModel {
 public:
  // `network` is bidirectional, `parameters` are in the order of its layout.
  ClozeModel(std::unique_ptr<const Network<float>> network, std::vector<float> parameters);

  int vocabulary_size() const { return network_->vocabulary_size(); }
  // An upper bound of the memory. The weights are stored three times: as given, packed for the
  // forward pass, and packed for the backward pass, which is not used here.
  int64_t bytes() const { return 3 * BytesOf(parameters_); }

  // The number of windows of `steps` symbols that one Read can read within about 10 ms. It is at
  // least 1, however large the network is.
  int LanesAtOnce(int64_t steps) const;

  // Reads `lanes` windows of `steps` symbols [T x B], ids or kMaskedId. Each window is read
  // independently, from zero states at both ends. The result's logits [T x B x V] predict the
  // symbol at each place and are meaningful only where it was masked.
  std::unique_ptr<Network<float>::Activations> Read(const int32_t* inputs, int steps,
                                                    int lanes) const;

 private:
  const std::unique_ptr<const Network<float>> network_;
  const std::vector<float> parameters_;
  const std::unique_ptr<Network<float>::PackedWeights> packed_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_CLOZE_MODEL_H_
