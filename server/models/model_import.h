// Receives one model file: writes it to a temporary file, and when it is complete, reads, checks
// and publishes it. If it is not published, nothing of it remains. For one thread at a time.
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
#include "server/engine.h"
#include "server/models/import_request.h"

namespace runnel::server {

class ModelImport {
 public:
  // `engine` must outlive it.
  ModelImport(Engine* engine, ImportRequest request)
      : engine_(*engine), request_(std::move(request)) {}

  // Writes the next bytes. INVALID_ARGUMENT as soon as the file cannot be one of safetensors;
  // RESOURCE_EXHAUSTED: too large, or the disk is full.
  absl::Status Append(absl::string_view bytes);

  // Publishes the file, unless the call that brought it `is_cancelled` when it is ready.
  // INVALID_ARGUMENT: not a model file, or not the one that the request describes.
  // RESOURCE_EXHAUSTED: no memory or room on the disk for it.
  absl::StatusOr<VersionInfo> Publish(const std::function<bool()>& is_cancelled);

 private:
  // Reads the whole file, whose header is `header`.
  absl::StatusOr<ModelData> Decode(const SafetensorsHeader& header) const;

  Engine& engine_;
  const ImportRequest request_;
  std::optional<AtomicFile> file_;  // from the first Append on
  std::string start_;               // the file's first bytes, as many as tell its header's length
  int64_t bytes_ = 0;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_MODELS_MODEL_IMPORT_H_
