#ifndef RUNNEL_CLIENT_COMMANDS_SAMPLING_FLAGS_H_
#define RUNNEL_CLIENT_COMMANDS_SAMPLING_FLAGS_H_

#include <CLI/App.hpp>

#include "client/commands/field_flags.h"

namespace runnel::client {

// The flags that generate and sample share: model, prompt, sampling and stop options. `request` is
// a GenerateCharsRequest or a SampleRequest, whose fields of these names are the same, and must
// outlive the parsing.
void AddSamplingFlags(CLI::App& app, google::protobuf::Message* request, FlagNames* names);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_SAMPLING_FLAGS_H_
