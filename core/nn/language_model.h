// A model that is ready for use: its characters and its packed network. It does not change once it
// is made, and threads may share it.
#ifndef RUNNEL_CORE_NN_LANGUAGE_MODEL_H_
#define RUNNEL_CORE_NN_LANGUAGE_MODEL_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/math/decode_precision.h"
#include "core/nn/cloze_model.h"
#include "core/nn/model_digest.h"
#include "core/nn/network.h"
#include "core/text/vocabulary.h"

namespace runnel {

struct LanguageModel {
  Vocabulary vocabulary;
  // One of these two is null. A one-directional model generates and scores text with its decoder, a
  // bidirectional one fills blanks and scores text with `cloze`.
  std::unique_ptr<const Decoder<float>> decoder;
  std::unique_ptr<const ClozeModel> cloze;
  ModelDigest digest;  // zeros for a model that is not a published version

  int64_t bytes() const { return decoder != nullptr ? decoder->bytes() : cloze->bytes(); }

  // Makes `decoder` or `cloze` from the weights of a network over `vocabulary`, which are in the
  // order of its layout. `precision` is the decoder's; `cloze` is always f32.
  void SetWeights(const NetworkConfig& config, std::vector<float> parameters,
                  DecodePrecision precision = DecodePrecision::kF32);
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_LANGUAGE_MODEL_H_
