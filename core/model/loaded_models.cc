#include "core/model/loaded_models.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace runnel {

std::shared_ptr<const LoadedModel> LoadedModels::Use(const std::string& name, int version) {
  const auto found = Find(name, version);
  if (found == list_.end()) return nullptr;
  list_.splice(list_.begin(), list_, found);
  return list_.front();
}

void LoadedModels::Add(std::shared_ptr<const LoadedModel> model) {
  bytes_ += model->bytes();
  list_.push_front(std::move(model));
  while (bytes_ > bytes_max_ && list_.size() > 1) Drop(std::prev(list_.end()));
}

void LoadedModels::Remove(const std::string& name, int version) {
  const auto found = Find(name, version);
  if (found != list_.end()) Drop(found);
}

LoadedModels::List::iterator LoadedModels::Find(const std::string& name, int version) {
  return std::find_if(list_.begin(), list_.end(), [&](const auto& model) {
    return model->version == version && model->name == name;
  });
}

void LoadedModels::Drop(List::iterator model) {
  bytes_ -= (*model)->bytes();
  list_.erase(model);
}

}  // namespace runnel
