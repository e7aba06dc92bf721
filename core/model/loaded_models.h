// The versions that are in memory: those that someone holds, and those used last, as many as fit
// into a bound of bytes. None is there twice. For one thread at a time; holders may let go at any.
#ifndef RUNNEL_CORE_MODEL_LOADED_MODELS_H_
#define RUNNEL_CORE_MODEL_LOADED_MODELS_H_

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "absl/status/status.h"
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
  // RESOURCE_EXHAUSTED if those that are held fill the bound: then no other can be loaded.
  absl::Status CheckRoom() const;
  // Takes a version in that is not loaded. It stays however large it is; those used longest ago
  // that nobody holds give way.
  void Add(std::shared_ptr<const LoadedModel> model);
  // A version that is not asked for again. One that is held counts, and is the first to give way
  // once it is let go.
  void Remove(const std::string& name, int version);

 private:
  using List = std::list<std::shared_ptr<const LoadedModel>>;
  List::iterator Find(const std::string& name, int version);

  const int64_t bytes_max_;
  List list_;  // the one used last first
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_LOADED_MODELS_H_
