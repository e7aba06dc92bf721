// What both generating calls do first: check the request, find the model, read
// the prompt's characters.
#ifndef RUNNEL_SERVER_GENERATION_START_H_
#define RUNNEL_SERVER_GENERATION_START_H_

#include <grpcpp/support/status.h>

#include <memory>
#include <string>

#include "core/generate/sampling_options.h"
#include "core/model/model_store.h"
#include "core/text/vocabulary.h"
#include "server/engine.h"
#include "server/error_mapping.h"

namespace runnel::server {

// A request that can be worked on.
struct GenerationStart {
  std::shared_ptr<const LoadedModel> model;
  SamplingOptions sampling;
  Vocabulary::Encoded prompt;
  std::unique_ptr<MemoryBudget::Claim> prompt_memory;  // for the request's prompt and its copies
};

struct GenerationInput {
  absl::string_view model;
  absl::string_view prompt;
  bool skip_unknown = false;
  int texts = 1;
};

// May read the model's file. `sampling` and `problems` are what reading the request's options gave.
grpc::Status StartGeneration(const GenerationInput& input, const SamplingOptions& sampling,
                             RequestProblems problems, Engine* engine, GenerationStart* start);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_GENERATION_START_H_
