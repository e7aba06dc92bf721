#ifndef RUNNEL_CLIENT_NET_MODEL_TRANSFER_H_
#define RUNNEL_CLIENT_NET_MODEL_TRANSFER_H_

#include <string>

#include "client/commands/command.h"
#include "runnel/v1/models.pb.h"

namespace runnel::client {

// Model files to and from a server, in pieces: never more than one of them is in memory. What goes
// wrong has been told on stderr when the answer is not kOk.

// Sends the file `path` ("-": standard input), and with it what `request` says of it. A file that
// cannot be read to its end publishes nothing.
ExitCode ImportModelFile(CommandContext& context, const std::string& path,
                         v1::ImportModelRequest request, v1::ModelVersion* version);

// Writes the file of `model`, a reference, to `path` ("-": standard output): whole, or not at all.
// A file that is there is replaced only if `force`.
ExitCode ExportModelFile(CommandContext& context, const std::string& model, const std::string& path,
                         bool force);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_MODEL_TRANSFER_H_
