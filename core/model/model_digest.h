#ifndef RUNNEL_CORE_MODEL_MODEL_DIGEST_H_
#define RUNNEL_CORE_MODEL_MODEL_DIGEST_H_

#include <string>

#include "core/model/model_file.h"
#include "core/nn/language_model.h"

namespace runnel {

// Tells a version from every other: of its name, number, time, vocabulary and weights.
ModelDigest DigestOf(const std::string& name, int version, const ModelData& data);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_MODEL_DIGEST_H_
