// Tells a version of a model from every other. A state token is bound to it.
#ifndef RUNNEL_CORE_NN_MODEL_DIGEST_H_
#define RUNNEL_CORE_NN_MODEL_DIGEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/text/vocabulary.h"

namespace runnel {

// Zeros for a model that is not a version.
using ModelDigest = Hash128;

// The digest of version `name`:`version`, which was made at `create_time_ms`. Every part counts:
// the same weights under another number are another version.
ModelDigest DigestOf(const std::string& name, int version, int64_t create_time_ms,
                     const Vocabulary& vocabulary, const std::vector<float>& parameters);

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_MODEL_DIGEST_H_
