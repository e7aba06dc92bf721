// The models of a server: a folder for each name, a file for each version,
// `<folder>/<name>/<version>.safetensors`.
//
// The store reads descriptions when it opens and weights when a version is first used; versions in
// use and the most recently used stay loaded. A damaged file is reported in its version's `damage`
// and never served; its neighbours are not affected. Versions are never overwritten. Thread-safe;
// one store (one process) a folder.
#ifndef RUNNEL_CORE_MODEL_MODEL_STORE_H_
#define RUNNEL_CORE_MODEL_MODEL_STORE_H_

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/atomic_file.h"
#include "core/model/loaded_models.h"
#include "core/model/model_file.h"
#include "core/model/model_file_reader.h"
#include "core/model/model_reference.h"

namespace runnel {

struct VersionInfo {
  int version = 0;
  std::shared_ptr<const ModelDescription> description;  // null: damaged before it could be read
  std::string damage;  // not empty: the file cannot be served, and why
  int64_t file_bytes = 0;
};

// A version as its file holds it.
struct StoredVersion {
  int version = 0;
  ModelData data;
};

struct ModelInfo {
  std::string name;
  std::vector<VersionInfo> versions;  // newest first
};

class ModelStore {
 public:
  struct Options {
    // Models are loaded to decode at this precision; files hold f32 whatever it is.
    DecodePrecision precision = DecodePrecision::kF32;
    int64_t loaded_bytes_max = int64_t{1} << 30;  // of the versions that are in memory
  };

  // Makes the folder if it is missing. Errors of the file system; damaged files are no error.
  static absl::StatusOr<std::unique_ptr<ModelStore>> Open(const std::string& folder,
                                                          const Options& options);

  // All models by name.
  std::vector<ModelInfo> List() const;
  // NOT_FOUND, naming the models there are.
  absl::StatusOr<ModelInfo> Get(const std::string& name) const;

  // The version that `reference` means: a bare name is its newest undamaged version. NOT_FOUND if
  // there is no such model or version, DATA_LOSS if the version is damaged, RESOURCE_EXHAUSTED if
  // it is not loaded and those in use leave no room for it. A version that is being loaded is
  // waited for.
  absl::StatusOr<std::shared_ptr<const LoadedModel>> Load(const ModelReference& reference);

  // The file of the version that `reference` means, to be read from start to end; errors as Load.
  struct OpenedFile {
    int version = 0;
    ModelFileReader reader;
  };
  absl::StatusOr<OpenedFile> OpenFile(const ModelReference& reference);
  // What reading a version's file has shown; it is not served any more.
  void ReportDamage(const std::string& name, int version, absl::string_view damage);
  // What the store holds of that version, without reading its file; errors as Load.
  absl::StatusOr<VersionInfo> Describe(const ModelReference& reference) const;
  // Reads that version's file; errors as Load.
  absl::StatusOr<StoredVersion> Read(const ModelReference& reference);

  // Writes the next version of `name` (a checked name). Errors of the file system, with nothing
  // left behind; FAILED_PRECONDITION if a file has the last number there is.
  absl::StatusOr<VersionInfo> Publish(const std::string& name, const ModelData& model);

  // Deletes a version, or all of them if the reference names none. NOT_FOUND.
  absl::Status Delete(const ModelReference& reference);

 private:
  struct Model {
    std::map<int, VersionInfo> versions;
    // Numbers are not used again while the store is open. The next opening knows of the files
    // alone.
    int newest_ever = 0;
  };

  ModelStore(std::string folder, const Options& options)
      : folder_(std::move(folder)),
        precision_(options.precision),
        loaded_(options.loaded_bytes_max) {}

  // Finds the versions that are there.
  void Scan();
  static ModelInfo InfoOf(const std::string& name, const Model& model);
  std::string ModelFolder(const std::string& name) const;
  std::string VersionPath(const std::string& name, int version) const;
  absl::StatusOr<AtomicFile> CreateVersionFile(const std::string& name) const;
  // Gives the file the first free number behind `version`, which it is then.
  absl::Status CommitNext(const std::string& name, AtomicFile* file, int* version) const;
  absl::StatusOr<std::shared_ptr<const LoadedModel>> LoadFile(const std::string& name, int version);
  // The members from here to Resolve: mutex_ held.
  // Null if there is no such model, or only as what Publish has begun, or the reference has a
  // label.
  const Model* Find(const ModelReference& reference) const;
  // Null if there is no such version.
  VersionInfo* FindVersion(const std::string& name, int version);
  absl::Status NotFound(const ModelReference& reference) const;
  absl::StatusOr<int> Resolve(const ModelReference& reference) const;
  // The version that `reference` means, and what `open` makes of its file: without the lock, since
  // that takes a while.
  template <typename T>
  absl::StatusOr<std::pair<int, T>> Opened(const ModelReference& reference,
                                           absl::StatusOr<T> (*open)(const std::string& path));

  const std::string folder_;
  const DecodePrecision precision_;
  mutable std::mutex mutex_;
  std::map<std::string, Model> models_;
  LoadedModels loaded_;
  std::set<std::pair<std::string, int>> loading_;
  std::condition_variable loading_done_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_MODEL_STORE_H_
