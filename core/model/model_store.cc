#include "core/model/model_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/atomic_file.h"
#include "core/base/disk.h"
#include "core/base/folder.h"
#include "core/base/out_of_memory.h"
#include "core/nn/cells/cell.h"

namespace runnel {
namespace {

constexpr size_t kNamesListed = 10;

// The memory that a decoder takes in addition to the parameters' own size: where there is an
// embedding, the first layer keeps its product with the input weights, a row for each character.
int64_t LookupBytes(const ModelDescription& model) {
  const NetworkConfig& network = model.network;
  if (network.embedding_size == 0 || network.bidirectional) return 0;
  const int64_t rows = int64_t{GetCell<float>(network.cell).shape.rows} * network.hidden_size;
  return model.vocabulary.size() * rows * static_cast<int64_t>(sizeof(float));
}

// Where `version` is, or would be, among versions that are sorted newest first.
template <typename Versions>
auto PlaceOf(Versions* versions, int version) {
  return std::lower_bound(
      versions->begin(), versions->end(), version,
      [](const VersionInfo& info, int wanted) { return info.version > wanted; });
}

const VersionInfo* FindVersion(const ModelInfo& model, int version) {
  const auto place = PlaceOf(&model.versions, version);
  return place != model.versions.end() && place->version == version ? &*place : nullptr;
}

}  // namespace

ModelStore::ModelStore(StoreFolder folder, const Options& options)
    : folder_(std::move(folder)),
      options_(options),
      numbers_(folder_.NumbersFolder()),
      loaded_(options.loaded_bytes_max) {}

absl::StatusOr<std::unique_ptr<ModelStore>> ModelStore::Open(const std::string& folder,
                                                             const Options& options) {
  absl::StatusOr<StoreFolder> opened = StoreFolder::Open(folder, options.report);
  if (!opened.ok()) return opened.status();
  if (absl::Status status = NamesIn(folder).status(); !status.ok()) return status;
  std::unique_ptr<ModelStore> store(new ModelStore(*std::move(opened), options));
  // Without the marks, numbers could come back.
  if (absl::Status status = store->CheckNumbers(); !status.ok()) return status;
  store->Scan();
  return store;
}

absl::Status ModelStore::CheckNumbers() const {
  const MutexLock writing(&writer_mutex_);
  return numbers_.Highest("").status();
}

void ModelStore::Scan() {
  RemoveUnfinishedFiles();
  for (const std::string& name : NamesIn(folder_.path()).value_or(std::vector<std::string>())) {
    if (CheckModelName(name).ok()) ScanModel(name);
  }
}

void ModelStore::ScanModel(const std::string& name) {
  const std::string folder = folder_.ModelFolder(name);
  struct stat status = {};
  if (stat(folder.c_str(), &status) == 0 && !S_ISDIR(status.st_mode)) {
    return Report(absl::StrCat(folder, " is not a folder and is ignored"));
  }
  ModelInfo info{.name = name};
  const absl::StatusOr<std::vector<std::string>> files = NamesIn(folder);
  if (!files.ok()) {
    info.damage = std::string(folder_.WithRelativePaths(files.status()).message());
    Report(absl::StrCat("model ", name, " is not served: ", files.status().message()));
  }
  for (const std::string& file : files.value_or(std::vector<std::string>())) {
    const int version = StoreFolder::VersionOf(file);
    if (version == 0) continue;
    absl::StatusOr<VersionInfo> scanned = ScanVersion(name, version);
    if (!scanned.ok()) {
      Report(absl::StrCat(name, ":", version, " is not served: ", scanned.status().message()));
      scanned = VersionInfo{.version = version, .damage = std::string(scanned.status().message())};
    }
    info.versions.push_back(*std::move(scanned));
  }
  std::sort(info.versions.begin(), info.versions.end(),
            [](const VersionInfo& a, const VersionInfo& b) { return a.version > b.version; });
  if (info.versions.empty() && info.damage.empty()) return;
  const MutexLock lock(&mutex_);
  models_.emplace(name, std::make_shared<const ModelInfo>(std::move(info)));
}

void ModelStore::RemoveUnfinishedFiles() {
  // Other processes' files are not finished either, as long as they are writing.
  const MutexLock writing(&writer_mutex_);
  const auto nobody_writes = numbers_.TryLockOutWriters();
  if (!nobody_writes.ok() || *nobody_writes == nullptr) return;
  for (const std::string& name : NamesIn(folder_.path()).value_or(std::vector<std::string>())) {
    if (!CheckModelName(name).ok()) continue;
    const std::string folder = folder_.ModelFolder(name);
    const absl::StatusOr<std::vector<std::string>> files = NamesIn(folder);
    if (!files.ok()) continue;
    for (const std::string& file : *files) {
      if (absl::EndsWith(file, kTemporarySuffix)) disk::Unlink(absl::StrCat(folder, "/", file));
    }
    disk::RemoveFolder(folder);  // fails, rightly, if a version is in it
  }
}

void ModelStore::AddVersion(const std::string& name, VersionInfo info) {
  const MutexLock lock(&mutex_);
  if (HasVersion(name, info.version)) return;
  const InfoPointer before = FindModel(name);
  std::vector<VersionInfo> versions;
  if (before != nullptr) versions = before->versions;
  versions.insert(PlaceOf(&versions, info.version), std::move(info));
  SetVersions(name, std::move(versions));
}

absl::Status ModelStore::Refresh() {
  if (absl::Status status = folder_.CheckPresent(); !status.ok()) return status;
  const absl::StatusOr<std::vector<std::string>> names = NamesIn(folder_.path());
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (CheckModelName(name).ok()) RefreshModel(name);
  }
  return absl::OkStatus();
}

void ModelStore::RefreshModel(const std::string& name) {
  std::vector<int> found;
  for (const std::string& file :
       NamesIn(folder_.ModelFolder(name)).value_or(std::vector<std::string>())) {
    const int version = StoreFolder::VersionOf(file);
    const MutexLock lock(&mutex_);
    if (version > 0 && !IsUnreadable(name) && !HasVersion(name, version)) found.push_back(version);
  }
  if (found.empty()) return;
  // Under the writers' mutex, so that no Delete removes the file meanwhile.
  const MutexLock writing(&writer_mutex_);
  for (const int version : found) {
    if (FileBytes(folder_.VersionPath(name, version)) == 0) continue;
    absl::StatusOr<VersionInfo> info = ScanVersion(name, version);
    if (info.ok()) AddVersion(name, *std::move(info));  // otherwise it is found at the next look
  }
}

absl::StatusOr<VersionInfo> ModelStore::ScanVersion(const std::string& name, int version) const {
  const std::string path = folder_.VersionPath(name, version);
  VersionInfo info{.version = version, .file_bytes = FileBytes(path)};
  absl::StatusOr<ModelDescription> description =
      OrOutOfMemory("the model's description", [&] { return ReadModelDescription(path); });
  if (absl::IsResourceExhausted(description.status())) return description.status();
  if (description.ok()) {
    info.description = std::make_shared<const ModelDescription>(*std::move(description));
  } else {
    info.damage = std::string(folder_.WithRelativePaths(description.status()).message());
    Report(absl::StrCat(name, ":", version, " is not served: ", info.damage));
  }
  return info;
}

void ModelStore::Report(const std::string& message) const {
  if (options_.report) options_.report(message);
}

std::vector<std::shared_ptr<const ModelInfo>> ModelStore::List(const std::string& after,
                                                               size_t count_max) const {
  const MutexLock lock(&mutex_);
  std::vector<InfoPointer> list;
  for (auto it = models_.upper_bound(after); it != models_.end() && list.size() < count_max; ++it) {
    if (it->second->damage.empty()) list.push_back(it->second);
  }
  return list;
}

absl::StatusOr<ModelInfo> ModelStore::Get(const std::string& name) const {
  InfoPointer model;
  {
    const MutexLock lock(&mutex_);
    model = FindModel(name);
    if (model == nullptr) return NotFound({.name = name});
  }
  return *model;
}

ModelStore::InfoPointer ModelStore::FindModel(const std::string& name) const {
  const auto found = models_.find(name);
  return found == models_.end() || !found->second->damage.empty() ? nullptr : found->second;
}

bool ModelStore::IsUnreadable(const std::string& name) const {
  const auto found = models_.find(name);
  return found != models_.end() && !found->second->damage.empty();
}

bool ModelStore::HasVersion(const std::string& name, int version) const {
  const InfoPointer model = FindModel(name);
  return model != nullptr && FindVersion(*model, version) != nullptr;
}

void ModelStore::SetVersions(const std::string& name, std::vector<VersionInfo> versions) {
  if (versions.empty()) {
    models_.erase(name);
  } else {
    models_[name] =
        std::make_shared<const ModelInfo>(ModelInfo{.name = name, .versions = std::move(versions)});
  }
}

bool ModelStore::SetDamage(const std::string& name, int version, std::string damage) {
  if (!HasVersion(name, version)) return false;
  std::vector<VersionInfo> versions = FindModel(name)->versions;
  PlaceOf(&versions, version)->damage = std::move(damage);
  SetVersions(name, std::move(versions));
  return true;
}

absl::Status ModelStore::NotFound(const ModelReference& reference) const {
  if (IsUnreadable(reference.name)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "model ", reference.name, " is not served: ", models_.at(reference.name)->damage,
        "; repair it and restart the server"));
  }
  if (const InfoPointer model = FindModel(reference.name); model != nullptr) {
    std::string versions = absl::StrJoin(
        model->versions.rbegin(), model->versions.rend(), ", ",
        [](std::string* out, const VersionInfo& info) { absl::StrAppend(out, info.version); });
    return absl::NotFoundError(absl::StrCat("there is no ", reference.ToString(), "; ",
                                            reference.name, " has versions ", versions));
  }
  std::vector<std::string> names;
  for (const auto& [name, model] : models_) {
    if (!model->damage.empty()) continue;
    if (names.size() == kNamesListed) {
      return absl::NotFoundError(absl::StrCat("there is no model ", reference.name, "; there are ",
                                              absl::StrJoin(names, ", "), " and more"));
    }
    names.push_back(name);
  }
  if (names.empty()) {
    return absl::NotFoundError(
        absl::StrCat("there is no model ", reference.name, "; none has been trained yet"));
  }
  return absl::NotFoundError(absl::StrCat("there is no model ", reference.name, "; there are ",
                                          absl::StrJoin(names, ", ")));
}

absl::StatusOr<int> ModelStore::Resolve(const ModelReference& reference) const {
  const InfoPointer model = FindModel(reference.name);
  if (model == nullptr || !reference.label.empty()) return NotFound(reference);
  const std::vector<VersionInfo>& versions = model->versions;
  const VersionInfo* version = FindVersion(*model, reference.version);
  if (reference.version == 0) {
    const auto intact = std::find_if(versions.begin(), versions.end(),
                                     [](const VersionInfo& info) { return info.damage.empty(); });
    version = intact == versions.end() ? &versions.front() : &*intact;
  }
  if (version == nullptr) return NotFound(reference);
  if (version->damage.empty()) return version->version;
  return absl::DataLossError(
      absl::StrCat(reference.name, ":", version->version, " is damaged: ", version->damage));
}

absl::StatusOr<int64_t> ModelStore::ReadingBytes(const std::string& name, int version) const {
  const VersionInfo& info = *FindVersion(*FindModel(name), version);
  // First the file, its largest tensor (which may be nearly all of it), and the parameters; then
  // the parameters and the decoder.
  const int64_t lookup = info.description == nullptr ? 0 : LookupBytes(*info.description);
  const int64_t bytes = std::max(3 * info.file_bytes, 2 * info.file_bytes + lookup);
  if (bytes <= options_.reading_bytes_max) return bytes;
  return absl::ResourceExhaustedError(absl::StrCat(
      name, ":", version, " needs ", bytes, " bytes of memory while it is read; at most ",
      options_.reading_bytes_max, " are available on this server"));
}

absl::StatusOr<VersionInfo> ModelStore::Describe(const ModelReference& reference) const {
  const MutexLock lock(&mutex_);
  const absl::StatusOr<int> version = Resolve(reference);
  if (!version.ok()) return version.status();
  return *FindVersion(*FindModel(reference.name), *version);
}

}  // namespace runnel
