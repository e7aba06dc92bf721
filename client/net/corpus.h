#ifndef RUNNEL_CLIENT_NET_CORPUS_H_
#define RUNNEL_CLIENT_NET_CORPUS_H_

#include <string>

#include "client/commands/command.h"
#include "runnel/v1/training.pb.h"

namespace runnel::client {

// Puts the text of the file `path` ("-": standard input) into `request`: a text of up to 32 MiB as
// it is, a larger one by way of UploadCorpus, in pieces. Never more than that of it is in memory.
// What goes wrong has been told on stderr when the answer is not kOk.
ExitCode AttachCorpus(CommandContext& context, const std::string& path, v1::TrainRequest* request);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_CORPUS_H_
