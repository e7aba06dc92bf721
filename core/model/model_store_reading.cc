// The part of the store that reads versions: into memory, or to be sent.
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/out_of_memory.h"
#include "core/model/model_store.h"
#include "core/nn/model_digest.h"

namespace runnel {
namespace {

// Whether the same failure would happen again at the next try.
bool IsLasting(const absl::Status& failure) {
  return absl::IsDataLoss(failure) || absl::IsNotFound(failure) ||
         absl::IsPermissionDenied(failure) || absl::IsFailedPrecondition(failure);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const LoadedModel>> ModelStore::Find(
    const ModelReference& reference) {
  const MutexLock lock(&mutex_);
  const absl::StatusOr<int> version = Resolve(reference);
  if (!version.ok()) return version.status();
  ModelPointer found = loaded_.Use(reference.name, *version);
  if (found != nullptr) return found;
  if (absl::Status room = loaded_.CheckRoom(); !room.ok()) return room;
  if (auto bytes = ReadingBytes(reference.name, *version); !bytes.ok()) return bytes.status();
  return ModelPointer();
}

absl::StatusOr<std::shared_ptr<const LoadedModel>> ModelStore::Load(
    const ModelReference& reference) {
  std::vector<ModelPointer> given_way;  // destroyed last, after the lock is released
  MutexLock lock(&mutex_);
  while (true) {
    const absl::StatusOr<int> version = Resolve(reference);
    if (!version.ok()) return version.status();
    if (auto found = loaded_.Use(reference.name, *version)) return found;
    const absl::StatusOr<int64_t> bytes = ReadingBytes(reference.name, *version);
    if (!bytes.ok()) return bytes.status();
    // Wait if another thread is loading this version, or if too little memory is left next to the
    // versions being loaded.
    if (loading_.count({reference.name, *version}) > 0 ||
        loading_bytes_ > options_.reading_bytes_max - *bytes) {
      loading_done_.Wait(&mutex_);
      continue;
    }
    if (absl::Status room = loaded_.CheckRoom(); !room.ok()) return room;
    const auto entry = loading_.emplace(reference.name, *version).first;
    loading_bytes_ += *bytes;
    lock.Unlock();
    const ModelReference resolved = {.name = reference.name, .version = *version};
    absl::StatusOr<ModelPointer> model = OrOutOfMemory(
        resolved.ToString(), [&] { return LoadFile(resolved.name, resolved.version); });
    lock.Lock();
    loading_.erase(entry);
    loading_bytes_ -= *bytes;
    loading_done_.NotifyAll();
    if (model.ok()) {
      given_way = loaded_.Add(*model);
      // If the version was deleted in the meantime, only this caller gets the model.
      if (!HasVersion(reference.name, *version)) {
        given_way.push_back(loaded_.Remove(reference.name, *version));
      }
      return model;
    }
    // If the version was deleted or found damaged, try again: the reference may now mean an older
    // version.
    const absl::StatusOr<int> again = Resolve(reference);
    if (again.ok() && *again == *version) return model.status();
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
  model->SetWeights(description.network, std::move(stored->data.parameters), options_.precision);
  return model;
}

template <typename T>
absl::StatusOr<std::pair<int, T>> ModelStore::Opened(
    const ModelReference& reference, absl::StatusOr<T> (*open)(const std::string& path)) {
  while (true) {
    int version = 0;
    {
      const MutexLock lock(&mutex_);
      const absl::StatusOr<int> resolved = Resolve(reference);
      if (!resolved.ok()) return resolved.status();
      version = *resolved;
      if constexpr (std::is_same_v<T, ModelData>) {  // the others read piece by piece
        const absl::StatusOr<int64_t> bytes = ReadingBytes(reference.name, version);
        if (!bytes.ok()) return bytes.status();
      }
    }
    absl::StatusOr<T> opened = open(folder_.VersionPath(reference.name, version));
    if (opened.ok()) return std::pair<int, T>(version, *std::move(opened));
    absl::Status error = Judge(reference.name, version, opened.status());
    if (!error.ok()) return error;
  }
}

absl::Status ModelStore::Judge(const std::string& name, int version, const absl::Status& failure) {
  if (absl::Status status = folder_.CheckPresent(); !status.ok()) return status;
  const std::string damage = absl::IsNotFound(failure)
                                 ? "its file was removed from the data folder"
                                 : std::string(folder_.WithRelativePaths(failure).message());
  {
    const MutexLock lock(&mutex_);
    if (!HasVersion(name, version)) return absl::OkStatus();  // deleted meanwhile
    if (IsLasting(failure)) SetDamage(name, version, damage);
  }
  Report(absl::StrCat(name, ":", version, " cannot be read: ", damage));
  if (IsLasting(failure)) return absl::OkStatus();
  return absl::Status(failure.code(), absl::StrCat(name, ":", version, ": ", damage));
}

absl::StatusOr<StoredVersion> ModelStore::Read(const ModelReference& reference) {
  auto opened = OrOutOfMemory(reference.ToString(), [&] { return Opened(reference, &ReadModel); });
  if (!opened.ok()) return opened.status();
  return StoredVersion{.version = opened->first, .data = std::move(opened->second)};
}

absl::StatusOr<ModelStore::OpenedFile> ModelStore::OpenFile(const ModelReference& reference) {
  auto opened = OrOutOfMemory(reference.ToString(),
                              [&] { return Opened(reference, &ModelFileReader::Open); });
  if (!opened.ok()) return opened.status();
  return OpenedFile{.version = opened->first, .reader = std::move(opened->second)};
}

void ModelStore::ReportDamage(const std::string& name, int version, absl::string_view damage) {
  {
    const MutexLock lock(&mutex_);
    if (!SetDamage(name, version, std::string(damage))) return;
  }
  Report(absl::StrCat(name, ":", version, " is damaged: ", damage));
}

}  // namespace runnel
