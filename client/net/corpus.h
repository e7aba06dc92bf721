// Puts training texts into requests.
#ifndef RUNNEL_CLIENT_NET_CORPUS_H_
#define RUNNEL_CLIENT_NET_CORPUS_H_

#include <string>

#include "absl/status/status.h"
#include "client/net/environment.h"
#include "runnel/v1/training.pb.h"

namespace runnel::client {

// Puts the text of the file `path` ("-" is standard input) into `request`. A text of up to 32 MiB
// is put there directly; a larger one is uploaded in pieces with UploadCorpus, so that the client
// never holds more than 32 MiB of it. A byte order mark at the start is left out, and a note on
// stderr says so. Errors: INVALID_ARGUMENT for a file that cannot be read, is empty or is not
// UTF-8, and those of the upload.
absl::Status AttachCorpus(CommandContext& context, const std::string& path,
                          v1::TrainRequest* request);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_CORPUS_H_
