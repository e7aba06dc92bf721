#include "core/nn/model_digest.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace runnel {
namespace {

// Adds the size in bytes, then the bytes, so that no two sequences of values run together.
template <typename Values>
void AddSized(const Values& values, Hasher* hasher) {
  const uint64_t bytes = values.size() * sizeof(values[0]);
  hasher->Add({reinterpret_cast<const char*>(&bytes), sizeof bytes});
  hasher->Add({reinterpret_cast<const char*>(values.data()), bytes});
}

}  // namespace

ModelDigest DigestOf(const std::string& name, int version, int64_t create_time_ms,
                     const Vocabulary& vocabulary, const std::vector<float>& parameters) {
  std::vector<char32_t> symbols;
  symbols.reserve(vocabulary.size());
  for (int id = 0; id < vocabulary.size(); ++id) symbols.push_back(vocabulary.Symbol(id));
  Hasher hasher;
  AddSized(absl::StrCat(name, ":", version, " of ", create_time_ms), &hasher);
  AddSized(symbols, &hasher);
  AddSized(parameters, &hasher);
  return hasher.Value();
}

}  // namespace runnel
