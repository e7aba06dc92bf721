// The models in memory. All models in use stay; of the others, the most recently used stay as long
// as everything fits into a bound of bytes. A version is listed at most once. Only one thread at a
// time may call this class, but any thread may release a model.
//
// Freeing a large model takes long, so this class frees nothing: it returns the models to drop, and
// the caller destroys them after releasing its lock.
#ifndef RUNNEL_CORE_MODEL_LOADED_MODELS_H_
#define RUNNEL_CORE_MODEL_LOADED_MODELS_H_

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/nn/language_model.h"

namespace runnel {

// A version in use. It stays usable as long as someone holds it, even after it is deleted.
struct LoadedModel : LanguageModel {
  std::string name;
  int version = 0;
};

class LoadedModels {
 public:
  using ModelPointer = std::shared_ptr<const LoadedModel>;

  explicit LoadedModels(int64_t bytes_max) : bytes_max_(bytes_max) {}

  // The version, which becomes the most recently used; null if it is not loaded.
  ModelPointer Use(const std::string& name, int version);
  // RESOURCE_EXHAUSTED if the models that are held fill the bound: then no other can be loaded.
  absl::Status CheckRoom() const;
  // Adds a version that is not loaded. It stays however large it is. Returns the models that give
  // way to it: those that nobody holds, the least recently used first.
  [[nodiscard]] std::vector<ModelPointer> Add(ModelPointer model);
  // Removes a version that will not be asked for again, and returns it, or null if it is not
  // loaded. A version that is held stays in the list, and null is returned: it counts until it is
  // let go, and is then the first to give way.
  [[nodiscard]] ModelPointer Remove(const std::string& name, int version);

 private:
  using List = std::list<ModelPointer>;
  List::iterator Find(const std::string& name, int version);

  const int64_t bytes_max_;
  List list_;  // the most recently used first
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_LOADED_MODELS_H_
