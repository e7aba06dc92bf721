// A model ready to generate: its characters and its packed network. Immutable, shareable between
// threads.
#ifndef RUNNEL_CORE_NN_LANGUAGE_MODEL_H_
#define RUNNEL_CORE_NN_LANGUAGE_MODEL_H_

#include <memory>

#include "core/nn/network.h"
#include "core/text/vocabulary.h"

namespace runnel {

struct LanguageModel {
  Vocabulary vocabulary;
  std::unique_ptr<const Decoder<float>> decoder;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_LANGUAGE_MODEL_H_
