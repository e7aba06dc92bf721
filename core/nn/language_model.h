// A model ready for use: its characters and its packed network. Immutable once made, shareable
// between threads.
#ifndef RUNNEL_CORE_NN_LANGUAGE_MODEL_H_
#define RUNNEL_CORE_NN_LANGUAGE_MODEL_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/math/decode_precision.h"
#include "core/nn/cloze_model.h"
#include "core/nn/network.h"
#include "core/text/vocabulary.h"

namespace runnel {

// Tells versions apart: a hash of a version's name, number, weights and vocabulary.
struct ModelDigest {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const ModelDigest&, const ModelDigest&) = default;
};

struct LanguageModel {
  Vocabulary vocabulary;
  // One of the two: a one-directional model writes and scores with its decoder, a bidirectional one
  // fills blanks and scores with `cloze`.
  std::unique_ptr<const Decoder<float>> decoder;
  std::unique_ptr<const ClozeModel> cloze;
  ModelDigest digest;  // what a state token is bound to; zeros for a model without a version

  int64_t bytes() const { return decoder != nullptr ? decoder->bytes() : cloze->bytes(); }

  // Makes one of the two from the weights of a network over `vocabulary`, in its layout's order.
  // `precision` is the decoder's; `cloze` is always f32.
  void SetWeights(const NetworkConfig& config, std::vector<float> parameters,
                  DecodePrecision precision = DecodePrecision::kF32);
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_LANGUAGE_MODEL_H_
