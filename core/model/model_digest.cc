#include "core/model/model_digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <vector>

#include "absl/strings/str_cat.h"

namespace runnel {

ModelDigest DigestOf(const std::string& name, int version, const ModelData& data) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  const auto add = [&state](const auto& values) {
    const uint64_t bytes = values.size() * sizeof(values[0]);
    XXH3_128bits_update(&state, &bytes, sizeof(bytes));
    XXH3_128bits_update(&state, values.data(), bytes);
  };
  std::vector<char32_t> symbols;
  symbols.reserve(data.description.vocabulary.size());
  for (int id = 0; id < data.description.vocabulary.size(); ++id) {
    symbols.push_back(data.description.vocabulary.Symbol(id));
  }
  add(absl::StrCat(name, ":", version, " of ", data.description.create_time_ms));
  add(symbols);
  add(data.parameters);
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  return {.low = hash.low64, .high = hash.high64};
}

}  // namespace runnel
