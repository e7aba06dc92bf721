// A model ready to generate: its characters and its packed network. Immutable, shareable between
// threads.
#ifndef RUNNEL_CORE_NN_LANGUAGE_MODEL_H_
#define RUNNEL_CORE_NN_LANGUAGE_MODEL_H_

#include <cstdint>
#include <memory>

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
  std::unique_ptr<const Decoder<float>> decoder;
  ModelDigest digest;  // what a state token is bound to; zeros for a model without a version
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_LANGUAGE_MODEL_H_
