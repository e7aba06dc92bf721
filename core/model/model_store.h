// The models of a server: a folder for each name, a file for each version,
// `<folder>/<name>/<version>.safetensors`.
//
// The store reads descriptions when it opens and weights when a version is first used; the most
// recently used versions stay loaded. A damaged file is reported in its version's `damage` and
// never served; its neighbours are not affected. Versions are never overwritten. Thread-safe; one
// store (one process) a folder.
#ifndef RUNNEL_CORE_MODEL_MODEL_STORE_H_
#define RUNNEL_CORE_MODEL_MODEL_STORE_H_

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/model/atomic_file.h"
#include "core/model/model_file.h"
#include "core/model/model_file_reader.h"
#include "core/model/model_reference.h"
#include "core/nn/language_model.h"

namespace runnel {

// A version in use. It stays usable as long as someone holds it, also after it is deleted.
struct LoadedModel : LanguageModel {
  std::string name;
  int version = 0;
};

struct VersionInfo {
  int version = 0;
  ModelDescription description;  // meaningless if damaged before it could be read
  std::string damage;            // not empty: the file cannot be served, and why
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
  static constexpr int kLoadedMax = 32;  // versions kept loaded

  // Makes the folder if it is missing. Errors of the file system; damaged files are no error.
  // Models are loaded to decode at `precision`; files hold f32 whatever it is.
  static absl::StatusOr<std::unique_ptr<ModelStore>> Open(
      const std::string& folder, DecodePrecision precision = DecodePrecision::kF32);

  // All models by name.
  std::vector<ModelInfo> List() const;
  // NOT_FOUND, naming the models there are.
  absl::StatusOr<ModelInfo> Get(const std::string& name) const;

  // The version that `reference` means: a bare name is its newest undamaged version. NOT_FOUND if
  // there is no such model or version, DATA_LOSS if the version is damaged.
  absl::StatusOr<std::shared_ptr<const LoadedModel>> Load(const ModelReference& reference);

  // The file of the version that `reference` means, to be read from start to end; errors as Load.
  struct OpenedFile {
    int version = 0;
    ModelFileReader reader;
  };
  absl::StatusOr<OpenedFile> OpenFile(const ModelReference& reference);
  // What reading a version's file has shown; it is not served any more.
  void ReportDamage(const std::string& name, int version, absl::string_view damage);
  // Reads that version's file; errors as Load.
  absl::StatusOr<StoredVersion> Read(const ModelReference& reference);

  // Writes the next version of `name` (a checked name) and returns its number. Errors of the file
  // system, with nothing left behind.
  absl::StatusOr<int> Publish(const std::string& name, const ModelData& model);

  // Deletes a version, or all of them if the reference names none. NOT_FOUND.
  absl::Status Delete(const ModelReference& reference);

 private:
  struct Model {
    std::map<int, VersionInfo> versions;
    int newest_ever = 0;  // numbers are not used again
  };

  ModelStore(std::string folder, DecodePrecision precision)
      : folder_(std::move(folder)), precision_(precision) {}

  // Finds the versions that are there.
  void Scan();
  static ModelInfo InfoOf(const std::string& name, const Model& model);
  std::string ModelFolder(const std::string& name) const;
  std::string VersionPath(const std::string& name, int version) const;
  absl::StatusOr<AtomicFile> CreateVersionFile(const std::string& name) const;
  // The members from here to Keep: mutex_ held.
  // Null if there is no such model, or only as what Publish has begun, or the reference has a
  // label.
  const Model* Find(const ModelReference& reference) const;
  // Null if there is no such version.
  VersionInfo* FindVersion(const std::string& name, int version);
  absl::Status NotFound(const ModelReference& reference) const;
  absl::StatusOr<int> Resolve(const ModelReference& reference) const;
  void Keep(std::shared_ptr<const LoadedModel> model);
  // The version that `reference` means, and what `open` makes of its file: without the lock, since
  // that takes a while.
  template <typename T>
  absl::StatusOr<std::pair<int, T>> Opened(const ModelReference& reference,
                                           absl::StatusOr<T> (*open)(const std::string& path));

  const std::string folder_;
  const DecodePrecision precision_;
  mutable std::mutex mutex_;
  std::map<std::string, Model> models_;
  std::list<std::shared_ptr<const LoadedModel>> loaded_;  // most recently used first
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_MODEL_STORE_H_
