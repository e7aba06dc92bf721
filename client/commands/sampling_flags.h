// Flags of the commands that write texts.
#ifndef RUNNEL_CLIENT_COMMANDS_SAMPLING_FLAGS_H_
#define RUNNEL_CLIENT_COMMANDS_SAMPLING_FLAGS_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"
#include "client/commands/field_flags.h"

namespace runnel::client {

// Adds the flags that generate, sample and benchmark share: model, prompt, sampling and stop
// options. `request` is a GenerateCharsRequest or a SampleRequest, which have the same fields of
// these names; it must outlive the parsing and `state`.
void AddSamplingFlags(CLI::App& app, google::protobuf::Message* request, CommandState& state);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_SAMPLING_FLAGS_H_
