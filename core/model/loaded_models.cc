#include "core/model/loaded_models.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

bool IsHeld(const std::shared_ptr<const LoadedModel>& model) { return model.use_count() > 1; }

}  // namespace

std::shared_ptr<const LoadedModel> LoadedModels::Use(const std::string& name, int version) {
  const auto found = Find(name, version);
  if (found == list_.end()) return nullptr;
  list_.splice(list_.begin(), list_, found);
  return list_.front();
}

absl::Status LoadedModels::CheckRoom() const {
  int64_t held = 0;
  for (const auto& model : list_) held += IsHeld(model) ? model->bytes() : 0;
  if (held < bytes_max_) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "the models in use take ", held, " bytes of memory and leave no room for another, of ",
      bytes_max_, "; try again when fewer texts are under way"));
}

void LoadedModels::Add(std::shared_ptr<const LoadedModel> model) {
  list_.push_front(std::move(model));
  int64_t bytes = 0;
  for (const auto& each : list_) bytes += each->bytes();
  for (auto oldest = list_.end(); bytes > bytes_max_ && --oldest != list_.begin();) {
    if (IsHeld(*oldest)) continue;
    bytes -= (*oldest)->bytes();
    oldest = list_.erase(oldest);
  }
}

void LoadedModels::Remove(const std::string& name, int version) {
  const auto found = Find(name, version);
  if (found == list_.end()) return;
  if (IsHeld(*found)) {
    list_.splice(list_.end(), list_, found);
  } else {
    list_.erase(found);
  }
}

LoadedModels::List::iterator LoadedModels::Find(const std::string& name, int version) {
  return std::find_if(list_.begin(), list_.end(), [&](const auto& model) {
    return model->version == version && model->name == name;
  });
}

}  // namespace runnel
