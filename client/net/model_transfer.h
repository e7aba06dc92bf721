// Sends model files to a server and receives them, in pieces: the client never holds more than one
// piece in memory.
#ifndef RUNNEL_CLIENT_NET_MODEL_TRANSFER_H_
#define RUNNEL_CLIENT_NET_MODEL_TRANSFER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/net/environment.h"
#include "runnel/v1/models.pb.h"

namespace runnel::client {

// Sends the file `path` ("-" is standard input), after the fields of `request` that describe it,
// and returns the version that the server published. If the file cannot be read to its end, nothing
// is published. Errors: INVALID_ARGUMENT for the file, and those of the call.
absl::StatusOr<v1::ModelVersion> ImportModelFile(CommandContext& context, const std::string& path,
                                                 v1::ImportModelRequest request);

// Writes the file of the version that `model` refers to to standard output. Stops without an error
// if nothing more can be written there: context.out knows the reason.
absl::Status ExportModelToOutput(CommandContext& context, const std::string& model);

// Writes the file of the version that `model` refers to to `path` and returns its size in bytes.
// The file appears only once it is complete. Errors are those of NewFile, which says what `force`
// does, and of the call.
absl::StatusOr<int64_t> ExportModelFile(CommandContext& context, const std::string& model,
                                        const std::string& path, bool force);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_MODEL_TRANSFER_H_
