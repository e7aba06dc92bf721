// A bidirectional network with its weights, ready to say what may stand at hidden places of a text.
// Immutable, shareable between threads.
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
  // Of memory, at most: weights are also packed, for reading and, unused here, for training.
  int64_t bytes() const { return 3 * BytesOf(parameters_); }

  // How many windows of `steps` symbols may be read at once for a few milliseconds' work; 1 at
  // least, however large the network.
  int LanesAtOnce(int64_t steps) const;

  // Reads `lanes` windows of `steps` symbols [T x B], ids or kMaskedId, each by itself from the
  // zero states at both its ends. The result's logits [T x B x V] are of the symbol at each place;
  // they mean something where it was masked.
  std::unique_ptr<Network<float>::Activations> Read(const int32_t* inputs, int steps,
                                                    int lanes) const;

 private:
  const std::unique_ptr<const Network<float>> network_;
  const std::vector<float> parameters_;
  const std::unique_ptr<Network<float>::PackedWeights> packed_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_CLOZE_MODEL_H_
