// Receives one model file: stores it as a temporary file while it arrives, and reads, checks and
// publishes it when it is complete. A file that is not published leaves nothing behind. One thread
// at a time may use an import.
#ifndef RUNNEL_SERVER_MODELS_MODEL_IMPORT_H_
#define RUNNEL_SERVER_MODELS_MODEL_IMPORT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/atomic_file.h"
#include "server/models/import_request.h"
#include "server/models/model_parts.h"

namespace runnel::server {

class ModelImport {
 public:
  // `parts` must outlive it.
  ModelImport(const ModelParts& parts, ImportRequest request)
      : parts_(parts), request_(std::move(request)) {}

  // Writes the next bytes. INVALID_ARGUMENT as soon as the file cannot be a safetensors file;
  // RESOURCE_EXHAUSTED if it is too large or the disk is full; FAILED_PRECONDITION if the folder
  // of imports is gone.
  absl::Status Append(absl::string_view bytes);

  // Publishes the file. INVALID_ARGUMENT if it is not a model file, or not the one that the request
  // describes; RESOURCE_EXHAUSTED if there is not enough memory or space on the disk; CANCELLED if
  // `is_cancelled` returns true when the model is ready.
  absl::StatusOr<VersionInfo> Publish(const std::function<bool()>& is_cancelled);

 private:
  // What an error of reading or writing the arriving file means to its sender.
  absl::Status OfTheFile(const absl::Status& status) const;
  // Reads the model in the whole file; `header` is the file's.
  absl::StatusOr<ModelData> Decode(const SafetensorsHeader& header) const;

  const ModelParts& parts_;
  const ImportRequest request_;
  std::optional<AtomicFile> file_;  // since the first Append
  std::string start_;               // the file's first bytes, which hold the length of its header
  int64_t bytes_ = 0;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_MODELS_MODEL_IMPORT_H_
