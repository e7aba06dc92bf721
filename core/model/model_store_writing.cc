// The part of the store that changes its folder: publishing and deleting.
#include <errno.h>
#include <limits.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/disk.h"
#include "core/base/file_error.h"
#include "core/base/folder.h"
#include "core/base/out_of_memory.h"
#include "core/model/model_store.h"

namespace runnel {

absl::StatusOr<VersionInfo> ModelStore::Publish(const std::string& name, const ModelData& model) {
  {
    const MutexLock lock(&mutex_);
    // Publishing would hide the versions in the folder, which could not be read.
    if (IsUnreadable(name)) return NotFound({.name = name});
  }
  const absl::StatusOr<std::string> bytes = OrOutOfMemory(
      "the model's file", [&]() -> absl::StatusOr<std::string> { return EncodeModel(model); });
  if (!bytes.ok()) return bytes.status();
  // Held to the end, so that no other process takes the file for one that is left over.
  if (absl::Status status = folder_.CheckPresent(); !status.ok()) return status;
  const auto writer = LockAsWriter();
  if (!writer.ok()) return folder_.Explain(writer.status());
  absl::StatusOr<AtomicFile> file = CreateVersionFile(name);
  // Writing takes long, so it runs without a lock on others.
  absl::Status status = file.status();
  if (status.ok()) status = file->Append(*bytes);
  if (status.ok()) status = file->Sync();

  const MutexLock writing(&writer_mutex_);
  VersionInfo info = {.description = std::make_shared<const ModelDescription>(model.description),
                      .file_bytes = static_cast<int64_t>(bytes->size())};
  if (status.ok()) {
    const absl::StatusOr<int> version = CommitNext(name, &*file);
    status = version.status();
    info.version = version.value_or(0);
  }
  if (!status.ok()) {
    file = status;                                  // removes the temporary file
    disk::RemoveFolder(folder_.ModelFolder(name));  // fails, rightly, if other versions are there
    return folder_.Explain(status);
  }
  AddVersion(name, info);
  return info;
}

absl::StatusOr<std::unique_ptr<FileLock>> ModelStore::LockAsWriter() const {
  const MutexLock writing(&writer_mutex_);
  return numbers_.LockAsWriter();
}

absl::StatusOr<int> ModelStore::HighestNumber(const std::string& name) const {
  absl::StatusOr<int> highest = numbers_.Highest(name);
  if (!highest.ok()) return highest;
  const absl::StatusOr<std::vector<std::string>> files = NamesIn(folder_.ModelFolder(name));
  if (absl::IsNotFound(files.status())) return highest;
  if (!files.ok()) return files.status();
  for (const std::string& file : *files) {
    highest = std::max(*highest, StoreFolder::VersionOf(file));
  }
  return highest;
}

absl::StatusOr<int> ModelStore::CommitNext(const std::string& name, AtomicFile* file) {
  const auto lock = numbers_.Lock();
  if (!lock.ok()) return lock.status();
  const absl::StatusOr<int> highest = HighestNumber(name);
  if (!highest.ok()) return highest.status();
  for (int64_t version = int64_t{*highest} + 1; version <= INT_MAX; ++version) {
    // The mark is written first. A crash after it skips a number, but no number is ever used twice.
    absl::Status status = numbers_.Raise(name, static_cast<int>(version));
    if (status.ok()) status = file->CommitAs(folder_.VersionPath(name, static_cast<int>(version)));
    if (status.ok()) return static_cast<int>(version);
    // Another program has put a file with that number there. Try the next one.
    if (!absl::IsAlreadyExists(status)) return status;
  }
  return absl::FailedPreconditionError(
      absl::StrCat(name, ":", INT_MAX, " has the last number that a version can have"));
}

absl::StatusOr<AtomicFile> ModelStore::CreateVersionFile(const std::string& name) {
  // Hold the lock, so that Delete cannot remove the folder before it contains the file.
  const MutexLock writing(&writer_mutex_);
  constexpr int kTries = 10;  // another process may remove the folder
  for (int i = 1;; ++i) {
    absl::Status status = folder_.MakeModelFolder(name);
    if (status.ok()) {
      absl::StatusOr<AtomicFile> file =
          AtomicFile::Create(absl::StrCat(folder_.ModelFolder(name), "/new"));
      if (file.ok()) return file;
      status = file.status();
    }
    if (i == kTries || !absl::IsNotFound(status)) return status;
  }
}

absl::Status ModelStore::Delete(const ModelReference& reference) {
  if (absl::Status status = folder_.CheckPresent(); !status.ok()) return status;
  RefreshModel(reference.name);  // what another process has just published goes as well
  const MutexLock writing(&writer_mutex_);
  ModelInfo doomed{.name = reference.name};
  {
    // Hide the versions first, so that nobody starts to read a file that is about to be deleted.
    const MutexLock lock(&mutex_);
    const InfoPointer model = FindModel(reference.name);
    if (model == nullptr || !reference.label.empty()) return NotFound(reference);
    std::vector<VersionInfo> kept;
    for (const VersionInfo& info : model->versions) {
      const bool goes = reference.version == 0 || reference.version == info.version;
      (goes ? doomed.versions : kept).push_back(info);
    }
    if (doomed.versions.empty()) return NotFound(reference);
    SetVersions(reference.name, std::move(kept));
  }
  const DeletedFiles deleted = MarkAndDelete(doomed);
  std::vector<ModelPointer> unloaded;  // destroyed after the lock is released
  {
    const MutexLock lock(&mutex_);
    for (size_t i = 0; i < deleted.count; ++i) {
      unloaded.push_back(loaded_.Remove(reference.name, doomed.versions[i].version));
    }
    if (deleted.count < doomed.versions.size()) {
      std::vector<VersionInfo> versions(
          doomed.versions.begin() + static_cast<int64_t>(deleted.count), doomed.versions.end());
      if (const InfoPointer model = FindModel(reference.name); model != nullptr) {
        versions.insert(versions.end(), model->versions.begin(), model->versions.end());
      }
      std::sort(versions.begin(), versions.end(),
                [](const VersionInfo& a, const VersionInfo& b) { return a.version > b.version; });
      SetVersions(reference.name, std::move(versions));
    }
  }
  return folder_.WithRelativePaths(deleted.status);
}

ModelStore::DeletedFiles ModelStore::MarkAndDelete(const ModelInfo& doomed) {
  const auto lock = numbers_.Lock();
  if (!lock.ok()) return {.status = lock.status()};
  // Release 0.1 published versions without marks; once deleted, nothing else tells their numbers.
  const absl::StatusOr<int> mark = numbers_.Highest(doomed.name);
  if (!mark.ok()) return {.status = mark.status()};
  const int highest = doomed.versions.front().version;
  if (*mark < highest) {
    if (absl::Status status = numbers_.Raise(doomed.name, highest); !status.ok()) {
      return {.status = std::move(status)};
    }
  }
  return DeleteFiles(doomed);
}

ModelStore::DeletedFiles ModelStore::DeleteFiles(const ModelInfo& doomed) {
  const std::string folder = folder_.ModelFolder(doomed.name);
  DeletedFiles deleted;
  for (const VersionInfo& info : doomed.versions) {
    const std::string path = folder_.VersionPath(doomed.name, info.version);
    if (disk::Unlink(path) != 0 && errno != ENOENT) {
      deleted.status = FileError("cannot delete", path);
      break;
    }
    ++deleted.count;
  }
  // The folder stays while a version is in it, or is being written into it.
  const bool is_gone = disk::RemoveFolder(folder) == 0 || errno == ENOENT;
  deleted.status.Update(SyncFolder(is_gone ? folder_.path() : folder));
  return deleted;
}

}  // namespace runnel
