// The models of a server: a folder for each name and a file for each version,
// `<folder>/<name>/<version>.safetensors`. `<folder>/.numbers` remembers which numbers were given
// (version_numbers.h).
//
// The store reads descriptions when it opens and weights when a version is first used. Versions in
// use and the most recently used ones stay loaded. A damaged file is reported in its version's
// `damage` and is never served; its neighbours are not affected. Versions are never overwritten.
// Messages name files relative to the folder, so that they can be sent to clients.
//
// Thread-safe. One store, in one process, reads and deletes; others may publish in the same folder
// at the same time, and Refresh finds what they have published. No file is read, written or
// deleted, and no model is freed, while other threads are kept from looking models up.
#ifndef RUNNEL_CORE_MODEL_MODEL_STORE_H_
#define RUNNEL_CORE_MODEL_MODEL_STORE_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/atomic_file.h"
#include "core/base/file_lock.h"
#include "core/base/mutex.h"
#include "core/model/loaded_models.h"
#include "core/model/model_file.h"
#include "core/model/model_file_reader.h"
#include "core/model/model_reference.h"
#include "core/model/store_folder.h"
#include "core/model/version_numbers.h"

namespace runnel {

struct VersionInfo {
  int version = 0;
  std::shared_ptr<const ModelDescription> description;  // null: damaged before it could be read
  std::string damage;                                   // not empty: why the file cannot be served
  int64_t file_bytes = 0;
};

// A version as its file stores it.
struct StoredVersion {
  int version = 0;
  ModelData data;
};

struct ModelInfo {
  std::string name;
  std::vector<VersionInfo> versions;  // newest first
  // Not empty: why the model's folder cannot be read. Then there are no versions.
  std::string damage;
};

class ModelStore {
 public:
  struct Options {
    // Models are loaded to decode at this precision; files store f32 in any case.
    DecodePrecision precision = DecodePrecision::kF32;
    int64_t loaded_bytes_max = int64_t{1} << 30;  // of the versions that are in memory
    // The memory that all versions being loaded may take together while they are read; each takes a
    // multiple of its file's size.
    int64_t reading_bytes_max = std::numeric_limits<int64_t>::max();
    // Is told, in sentences for the operator's log, which files turn out damaged or missing, or
    // that the folder is gone: each time that this stands in a request's way. May be null. Called
    // from any thread.
    std::function<void(const std::string&)> report;
  };

  // Makes the folder if it is missing. Errors of the file system; a damaged file or an unreadable
  // model folder is not an error.
  static absl::StatusOr<std::unique_ptr<ModelStore>> Open(const std::string& folder,
                                                          const Options& options);

  // The first `count_max` readable models whose names come after `after`, by name. The entries are
  // shared, so a long list is cheap.
  std::vector<std::shared_ptr<const ModelInfo>> List(const std::string& after = "",
                                                     size_t count_max = SIZE_MAX) const;
  // NOT_FOUND, naming the models that there are; FAILED_PRECONDITION if the model's folder cannot
  // be read.
  absl::StatusOr<ModelInfo> Get(const std::string& name) const;

  // Finds the version that `reference` means if it is in memory. Returns null if it can be loaded
  // but has not been read yet; the caller then calls Load. Never waits for a file. Errors as Load.
  absl::StatusOr<std::shared_ptr<const LoadedModel>> Find(const ModelReference& reference);

  // The version that `reference` means: a bare name means its newest undamaged version. May read a
  // file, which takes seconds, or wait until another thread has read it. NOT_FOUND if there is no
  // such model or version; DATA_LOSS if the version is damaged or its file is gone;
  // FAILED_PRECONDITION if the model's folder cannot be read, or the store's folder is gone;
  // RESOURCE_EXHAUSTED if it is not loaded and those in use leave no room for it, if reading it
  // would take more than the bound (its file is then not read), or if memory runs out.
  absl::StatusOr<std::shared_ptr<const LoadedModel>> Load(const ModelReference& reference);

  // The file of the version that `reference` means, to be read from start to end; errors as Load.
  struct OpenedFile {
    int version = 0;
    ModelFileReader reader;
  };
  absl::StatusOr<OpenedFile> OpenFile(const ModelReference& reference);
  // Records damage that reading a version's file has shown. The version is not served any more.
  void ReportDamage(const std::string& name, int version, absl::string_view damage);
  // What the store knows about a version, without reading its file; errors as Load.
  absl::StatusOr<VersionInfo> Describe(const ModelReference& reference) const;
  // Reads a version's file into memory without adding it to the loaded versions, and without
  // waiting for other reads. Errors as Load.
  absl::StatusOr<StoredVersion> Read(const ModelReference& reference);

  // Writes the next version of `name` (a checked name). Errors of the file system, after which
  // nothing is left behind; RESOURCE_EXHAUSTED also if memory runs out; FAILED_PRECONDITION if no
  // version number is left, or if the store's folder is gone; UNAVAILABLE if another process holds
  // the lock of the numbers for seconds.
  absl::StatusOr<VersionInfo> Publish(const std::string& name, const ModelData& model);

  // Finds versions that other processes have published in the folder. FAILED_PRECONDITION if it is
  // gone; errors of the file system.
  absl::Status Refresh();

  // Deletes a version, or all of them if the reference names none. NOT_FOUND; errors of the file
  // system, after which the versions whose files remain are still there.
  absl::Status Delete(const ModelReference& reference);

 private:
  using ModelPointer = std::shared_ptr<const LoadedModel>;
  using InfoPointer = std::shared_ptr<const ModelInfo>;

  ModelStore(StoreFolder folder, const Options& options);

  absl::Status CheckNumbers() const RUNNEL_EXCLUDES(writer_mutex_);
  // Finds the models that the folder holds when the store opens.
  void Scan();
  void ScanModel(const std::string& name);
  // Removes what processes have left that were killed while they wrote.
  void RemoveUnfinishedFiles() RUNNEL_EXCLUDES(writer_mutex_);
  void RefreshModel(const std::string& name) RUNNEL_EXCLUDES(writer_mutex_, mutex_);
  // RESOURCE_EXHAUSTED if memory or descriptors run out. Other errors are the version's damage.
  absl::StatusOr<VersionInfo> ScanVersion(const std::string& name, int version) const;
  void Report(const std::string& message) const;

  absl::StatusOr<std::unique_ptr<FileLock>> LockAsWriter() const RUNNEL_EXCLUDES(writer_mutex_);
  absl::StatusOr<AtomicFile> CreateVersionFile(const std::string& name)
      RUNNEL_EXCLUDES(writer_mutex_);
  // The highest number that a version of `name` has had, in this process or another one.
  absl::StatusOr<int> HighestNumber(const std::string& name) const RUNNEL_REQUIRES(writer_mutex_);
  // Gives the file the next free number, and returns it.
  absl::StatusOr<int> CommitNext(const std::string& name, AtomicFile* file)
      RUNNEL_REQUIRES(writer_mutex_);
  struct DeletedFiles {
    size_t count = 0;     // of the doomed versions, the first ones
    absl::Status status;  // why the others remain
  };
  // Makes sure that the versions' numbers do not come back, and deletes their files.
  DeletedFiles MarkAndDelete(const ModelInfo& doomed) RUNNEL_REQUIRES(writer_mutex_);
  DeletedFiles DeleteFiles(const ModelInfo& doomed) RUNNEL_REQUIRES(writer_mutex_);
  absl::StatusOr<ModelPointer> LoadFile(const std::string& name, int version);

  // The readable model of that name; null if there is none.
  InfoPointer FindModel(const std::string& name) const RUNNEL_REQUIRES(mutex_);
  bool IsUnreadable(const std::string& name) const RUNNEL_REQUIRES(mutex_);
  // Says that there is no such version, or that the model is unreadable.
  absl::Status NotFound(const ModelReference& reference) const RUNNEL_REQUIRES(mutex_);
  absl::StatusOr<int> Resolve(const ModelReference& reference) const RUNNEL_REQUIRES(mutex_);
  // The most memory that reading a version takes at once. RESOURCE_EXHAUSTED if that is beyond the
  // bound. There must be such a version.
  absl::StatusOr<int64_t> ReadingBytes(const std::string& name, int version) const
      RUNNEL_REQUIRES(mutex_);
  bool HasVersion(const std::string& name, int version) const RUNNEL_REQUIRES(mutex_);
  // Adds a version, unless there is one of its number.
  void AddVersion(const std::string& name, VersionInfo info) RUNNEL_EXCLUDES(mutex_);
  // Replaces a model's versions, which may be none.
  void SetVersions(const std::string& name, std::vector<VersionInfo> versions)
      RUNNEL_REQUIRES(mutex_);
  bool SetDamage(const std::string& name, int version, std::string damage) RUNNEL_REQUIRES(mutex_);

  // The version that `reference` means, and what `open` makes of its file.
  template <typename T>
  absl::StatusOr<std::pair<int, T>> Opened(const ModelReference& reference,
                                           absl::StatusOr<T> (*open)(const std::string& path))
      RUNNEL_EXCLUDES(mutex_);
  // Decides what to do after opening a version's file has failed. Returns the error for the caller;
  // or OK after recording the version as damaged (or noticing that it was deleted), so that the
  // caller resolves the reference again.
  absl::Status Judge(const std::string& name, int version, const absl::Status& failure)
      RUNNEL_EXCLUDES(mutex_);

  const StoreFolder folder_;
  const Options options_;

  // Held while files are committed or deleted; taken before mutex_.
  mutable Mutex writer_mutex_;
  VersionNumbers numbers_ RUNNEL_GUARDED_BY(writer_mutex_);

  mutable Mutex mutex_;  // never held while a file is used
  std::map<std::string, InfoPointer> models_ RUNNEL_GUARDED_BY(mutex_);
  LoadedModels loaded_ RUNNEL_GUARDED_BY(mutex_);
  std::set<std::pair<std::string, int>> loading_ RUNNEL_GUARDED_BY(mutex_);
  int64_t loading_bytes_ RUNNEL_GUARDED_BY(mutex_) = 0;  // the ReadingBytes of those
  CondVar loading_done_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_MODEL_STORE_H_
