// A digest that is different for each version of each model. State tokens are bound to it.
#ifndef RUNNEL_CORE_NN_MODEL_DIGEST_H_
#define RUNNEL_CORE_NN_MODEL_DIGEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/text/vocabulary.h"

namespace runnel {

// It is zeros for a model that is not a published version.
using ModelDigest = Hash128;

// The digest of version `name`:`version`, which was created at `create_time_ms` (Unix time). It
// depends on every argument: the same weights under another version number are another version.
ModelDigest DigestOf(const std::string& name, int version, int64_t create_time_ms,
                     const Vocabulary& vocabulary, const std::vector<float>& parameters);

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_MODEL_DIGEST_H_
