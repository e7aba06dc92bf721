#include "core/model/loaded_models.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

bool IsHeld(const LoadedModels::ModelPointer& model) { return model.use_count() > 1; }

}  // namespace

LoadedModels::ModelPointer LoadedModels::Use(const std::string& name, int version) {
  const auto found = Find(name, version);
  if (found == list_.end()) return nullptr;
  list_.splice(list_.begin(), list_, found);
  return list_.front();
}

absl::Status LoadedModels::CheckRoom() const {
  int64_t held = 0;
  for (const auto& model : list_) held += IsHeld(model) ? model->bytes() : 0;
  if (held < bytes_max_) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the models in use take ", held, " of the ", bytes_max_,
                   " bytes of memory that models may take, so no other can be loaded; try again "
                   "when fewer texts are being processed"));
}

std::vector<LoadedModels::ModelPointer> LoadedModels::Add(ModelPointer model) {
  list_.push_front(std::move(model));
  int64_t bytes = 0;
  for (const auto& each : list_) bytes += each->bytes();
  std::vector<ModelPointer> given_way;
  for (auto oldest = list_.end(); bytes > bytes_max_ && --oldest != list_.begin();) {
    if (IsHeld(*oldest)) continue;
    bytes -= (*oldest)->bytes();
    given_way.push_back(std::move(*oldest));
    oldest = list_.erase(oldest);
  }
  return given_way;
}

LoadedModels::ModelPointer LoadedModels::Remove(const std::string& name, int version) {
  const auto found = Find(name, version);
  if (found == list_.end()) return nullptr;
  if (IsHeld(*found)) {
    list_.splice(list_.end(), list_, found);
    return nullptr;
  }
  ModelPointer removed = std::move(*found);
  list_.erase(found);
  return removed;
}

LoadedModels::List::iterator LoadedModels::Find(const std::string& name, int version) {
  return std::find_if(list_.begin(), list_.end(), [&](const auto& model) {
    return model->version == version && model->name == name;
  });
}

}  // namespace runnel
