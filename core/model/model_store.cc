#include "core/model/model_store.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/atomic_file.h"
#include "core/base/folder.h"
#include "core/nn/model_digest.h"

namespace runnel {
namespace {

constexpr absl::string_view kVersionSuffix = ".safetensors";
constexpr size_t kNamesListed = 10;

// The version that a file name stands for; 0 for any other file.
int VersionOf(absl::string_view file_name) {
  int version = 0;
  if (!absl::EndsWith(file_name, kVersionSuffix)) return 0;
  file_name.remove_suffix(kVersionSuffix.size());
  if (!absl::SimpleAtoi(file_name, &version) || version < 1) return 0;
  return absl::StrCat(version) == file_name ? version : 0;  // "007" and "+7" are not version 7
}

}  // namespace

absl::StatusOr<std::unique_ptr<ModelStore>> ModelStore::Open(const std::string& folder,
                                                             const Options& options) {
  if (absl::Status status = MakeUsableFolder(folder); !status.ok()) return status;
  std::unique_ptr<ModelStore> store(new ModelStore(folder, options));
  store->Scan();
  return store;
}

void ModelStore::Scan() {
  for (const std::string& name : NamesIn(folder_).value_or(std::vector<std::string>())) {
    if (!CheckModelName(name).ok()) continue;
    Model model;
    for (const std::string& file : NamesIn(ModelFolder(name)).value_or(std::vector<std::string>())) {
      // What a crash left half written.
      if (absl::EndsWith(file, kTemporarySuffix)) {
        unlink(absl::StrCat(ModelFolder(name), "/", file).c_str());
      }
      const int version = VersionOf(file);
      if (version == 0) continue;
      const std::string path = VersionPath(name, version);
      VersionInfo info{.version = version, .file_bytes = FileBytes(path)};
      absl::StatusOr<ModelDescription> description = ReadModelDescription(path);
      if (description.ok()) {
        info.description = std::make_shared<const ModelDescription>(*std::move(description));
      } else {
        info.damage = std::string(description.status().message());
      }
      model.newest_ever = std::max(model.newest_ever, version);
      model.versions.emplace(version, std::move(info));
    }
    if (!model.versions.empty()) models_.emplace(name, std::move(model));
  }
}

std::string ModelStore::ModelFolder(const std::string& name) const {
  return absl::StrCat(folder_, "/", name);
}

std::string ModelStore::VersionPath(const std::string& name, int version) const {
  return absl::StrCat(ModelFolder(name), "/", version, kVersionSuffix);
}

ModelInfo ModelStore::InfoOf(const std::string& name, const Model& model) {
  ModelInfo info{.name = name};
  for (auto it = model.versions.rbegin(); it != model.versions.rend(); ++it) {
    info.versions.push_back(it->second);
  }
  return info;
}

std::vector<ModelInfo> ModelStore::List() const {
  const std::lock_guard lock(mutex_);
  std::vector<ModelInfo> list;
  for (const auto& [name, model] : models_) {
    if (!model.versions.empty()) list.push_back(InfoOf(name, model));
  }
  return list;
}

absl::StatusOr<ModelInfo> ModelStore::Get(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const Model* model = Find({.name = name});
  if (model == nullptr) return NotFound({.name = name});
  return InfoOf(name, *model);
}

const ModelStore::Model* ModelStore::Find(const ModelReference& reference) const {
  const auto found = models_.find(reference.name);
  if (found == models_.end() || found->second.versions.empty()) return nullptr;
  return reference.label.empty() ? &found->second : nullptr;
}

VersionInfo* ModelStore::FindVersion(const std::string& name, int version) {
  const auto model = models_.find(name);
  if (model == models_.end()) return nullptr;
  const auto found = model->second.versions.find(version);
  return found == model->second.versions.end() ? nullptr : &found->second;
}

absl::Status ModelStore::NotFound(const ModelReference& reference) const {
  if (const Model* model = Find({.name = reference.name}); model != nullptr) {
    const std::string versions = absl::StrJoin(
        model->versions, ", ",
        [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.first); });
    return absl::NotFoundError(absl::StrCat("there is no ", reference.ToString(), "; ",
                                            reference.name, " has versions ", versions));
  }
  std::vector<std::string> names;
  for (const auto& [name, model] : models_) {
    if (!model.versions.empty()) names.push_back(name);
  }
  if (names.empty()) {
    return absl::NotFoundError(
        absl::StrCat("there is no model ", reference.name, "; none has been trained yet"));
  }
  const bool more = names.size() > kNamesListed;
  names.resize(std::min(names.size(), kNamesListed));
  return absl::NotFoundError(absl::StrCat("there is no model ", reference.name, "; there are ",
                                          absl::StrJoin(names, ", "), more ? " and more" : ""));
}

absl::StatusOr<int> ModelStore::Resolve(const ModelReference& reference) const {
  const Model* model = Find(reference);
  if (model == nullptr) return NotFound(reference);
  const std::map<int, VersionInfo>& versions = model->versions;
  auto version = versions.find(reference.version);
  if (reference.version == 0) {
    const auto intact = std::find_if(versions.rbegin(), versions.rend(),
                                     [](const auto& entry) { return entry.second.damage.empty(); });
    version = versions.find(intact == versions.rend() ? versions.rbegin()->first : intact->first);
  }
  if (version == versions.end()) return NotFound(reference);
  if (version->second.damage.empty()) return version->first;
  return absl::DataLossError(
      absl::StrCat(reference.name, ":", version->first, " is damaged: ", version->second.damage));
}

absl::StatusOr<std::shared_ptr<const LoadedModel>> ModelStore::Load(
    const ModelReference& reference) {
  std::unique_lock lock(mutex_);
  while (true) {
    const absl::StatusOr<int> version = Resolve(reference);
    if (!version.ok()) return version.status();
    if (auto found = loaded_.Use(reference.name, *version)) return found;
    if (loading_.count({reference.name, *version}) > 0) {
      loading_done_.wait(lock);
      continue;
    }
    if (absl::Status room = loaded_.CheckRoom(); !room.ok()) return room;
    const auto entry = loading_.emplace(reference.name, *version).first;
    lock.unlock();  // reading takes a while
    auto model = LoadFile(reference.name, *version);
    lock.lock();
    loading_.erase(entry);
    loading_done_.notify_all();
    const VersionInfo* info = FindVersion(reference.name, *version);
    if (model.ok()) loaded_.Add(*model);
    // Else it was deleted meanwhile, or is damaged: the next newest, or the error that says so.
    if (model.ok() || (info != nullptr && info->damage.empty())) return model;
  }
}

absl::StatusOr<std::shared_ptr<const LoadedModel>> ModelStore::LoadFile(const std::string& name,
                                                                        int version) {
  absl::StatusOr<StoredVersion> stored = Read({.name = name, .version = version});
  if (!stored.ok()) return stored.status();
  ModelDescription& description = stored->data.description;
  auto model = std::make_shared<LoadedModel>();
  model->name = name;
  model->version = version;
  model->digest = DigestOf(name, version, description.create_time_ms, description.vocabulary,
 stored->data.parameters);
  model->vocabulary = std::move(description.vocabulary);
  model->SetWeights(description.network, std::move(stored->data.parameters), precision_);
  return model;
}

absl::StatusOr<VersionInfo> ModelStore::Describe(const ModelReference& reference) const {
  const std::lock_guard lock(mutex_);
  const absl::StatusOr<int> version = Resolve(reference);
  if (!version.ok()) return version.status();
  return models_.at(reference.name).versions.at(*version);
}

template <typename T>
absl::StatusOr<std::pair<int, T>> ModelStore::Opened(
    const ModelReference& reference, absl::StatusOr<T> (*open)(const std::string& path)) {
  while (true) {
    int version = 0;
    {
      const std::lock_guard lock(mutex_);
      const absl::StatusOr<int> resolved = Resolve(reference);
      if (!resolved.ok()) return resolved.status();
      version = *resolved;
    }
    absl::StatusOr<T> opened = open(VersionPath(reference.name, version));
    const std::lock_guard lock(mutex_);
    VersionInfo* info = FindVersion(reference.name, version);
    if (info == nullptr) continue;  // deleted meanwhile: the next newest, or NOT_FOUND
    if (opened.ok()) return std::pair<int, T>(version, *std::move(opened));
    if (!absl::IsDataLoss(opened.status())) return opened.status();
    // The next newest, or the error that says so.
    info->damage = std::string(opened.status().message());
  }
}

absl::StatusOr<StoredVersion> ModelStore::Read(const ModelReference& reference) {
  auto opened = Opened(reference, &ReadModel);
  if (!opened.ok()) return opened.status();
  return StoredVersion{.version = opened->first, .data = std::move(opened->second)};
}

absl::StatusOr<ModelStore::OpenedFile> ModelStore::OpenFile(const ModelReference& reference) {
  auto opened = Opened(reference, &ModelFileReader::Open);
  if (!opened.ok()) return opened.status();
  return OpenedFile{.version = opened->first, .reader = std::move(opened->second)};
}

void ModelStore::ReportDamage(const std::string& name, int version, absl::string_view damage) {
  const std::lock_guard lock(mutex_);
  if (VersionInfo* info = FindVersion(name, version); info != nullptr) {
    info->damage = std::string(damage);
  }
}

absl::StatusOr<VersionInfo> ModelStore::Publish(const std::string& name, const ModelData& model) {
  const std::string bytes = EncodeModel(model);
  absl::StatusOr<AtomicFile> file = CreateVersionFile(name);
  // The long part, without the lock: others go on loading.
  absl::Status status = file.status();
  if (status.ok()) status = file->Append(bytes);
  if (status.ok()) status = file->Sync();

  const std::lock_guard lock(mutex_);
  Model& entry = models_[name];
  int version = entry.newest_ever;
  if (status.ok()) status = CommitNext(name, &*file, &version);
  if (!status.ok()) {
    file = status;                                                 // removes the temporary file
    if (entry.versions.empty()) rmdir(ModelFolder(name).c_str());  // fails, rightly, if not empty
    return status;
  }
  entry.newest_ever = version;
  VersionInfo& info = entry.versions[version];
  info = {.version = version,
          .description = std::make_shared<const ModelDescription>(model.description),
          .file_bytes = static_cast<int64_t>(bytes.size())};
  return info;
}

absl::Status ModelStore::CommitNext(const std::string& name, AtomicFile* file, int* version) const {
  while (*version < INT_MAX) {
    absl::Status status = file->CommitAs(VersionPath(name, ++*version));
    if (!absl::IsAlreadyExists(status))
      return status;  // a number that is taken was put there by hand
  }
  return absl::FailedPreconditionError(
      absl::StrCat(name, ":", *version, " has the last number that a version can have"));
}

absl::StatusOr<AtomicFile> ModelStore::CreateVersionFile(const std::string& name) const {
  const std::lock_guard lock(
      mutex_);  // so that no Delete removes the folder before the file is in it
  if (absl::Status status = MakeFolder(ModelFolder(name)); !status.ok()) return status;
  if (absl::Status status = SyncFolder(folder_); !status.ok()) return status;
  return AtomicFile::Create(absl::StrCat(ModelFolder(name), "/new"));
}

absl::Status ModelStore::Delete(const ModelReference& reference) {
  const std::lock_guard lock(mutex_);
  if (Find(reference) == nullptr) return NotFound(reference);
  const std::string folder = ModelFolder(reference.name);
  std::map<int, VersionInfo>& versions = models_[reference.name].versions;
  if (reference.version != 0 && versions.count(reference.version) == 0) return NotFound(reference);
  for (auto it = versions.begin(); it != versions.end();) {
    const int version = it->first;
    if (reference.version != 0 && reference.version != version) {
      ++it;
      continue;
    }
    const std::string path = VersionPath(reference.name, version);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
      absl::Status status = absl::ErrnoToStatus(errno, absl::StrCat("cannot delete ", path));
      (void)SyncFolder(folder);  // those already deleted are so for good
      return status;
    }
    loaded_.Remove(reference.name, version);
    it = versions.erase(it);
  }
  // The folder stays while a version is being published into it.
  const bool is_gone = versions.empty() && (rmdir(folder.c_str()) == 0 || errno == ENOENT);
  return SyncFolder(is_gone ? folder_ : folder);
}

}  // namespace runnel
