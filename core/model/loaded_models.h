// The versions that stay loaded: those used last, as many as fit into a bound of bytes. For one
// thread at a time.
#ifndef RUNNEL_CORE_MODEL_LOADED_MODELS_H_
#define RUNNEL_CORE_MODEL_LOADED_MODELS_H_

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "core/nn/language_model.h"

namespace runnel {

// A version in use. It stays usable as long as someone holds it, also after it is deleted.
struct LoadedModel : LanguageModel {
  std::string name;
  int version = 0;
};

class LoadedModels {
 public:
  explicit LoadedModels(int64_t bytes_max) : bytes_max_(bytes_max) {}

  // A version that is then the one used last; null if it is not loaded.
  std::shared_ptr<const LoadedModel> Use(const std::string& name, int version);
  // Takes a version in that is not loaded. It stays however large it is; those used longest ago
  // give way.
  void Add(std::shared_ptr<const LoadedModel> model);
  // Nothing happens if it is not loaded.
  void Remove(const std::string& name, int version);

 private:
  using List = std::list<std::shared_ptr<const LoadedModel>>;
  List::iterator Find(const std::string& name, int version);
  void Drop(List::iterator model);

  const int64_t bytes_max_;
  int64_t bytes_ = 0;
  List list_;  // the one used last first
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_LOADED_MODELS_H_
