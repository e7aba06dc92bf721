#include "server/generation_start.h"

#include <utility>

#include "core/model/model_reference.h"

namespace runnel::server {
namespace {

// What a byte of a prompt takes: itself, in the request, and an id for each byte in the encoding
// and in each text's session.
int64_t BytesPerPromptByte(int texts) {
  return 1 + static_cast<int64_t>(sizeof(int32_t)) * (texts + 1);
}

}  // namespace

grpc::Status StartGeneration(const GenerationInput& input, const SamplingOptions& sampling,
                             RequestProblems problems, Engine* engine, GenerationStart* start) {
  const absl::StatusOr<ModelReference> reference = ParseModelReference(input.model);
  if (!reference.ok()) {
    problems.violations.Add("model", std::string(reference.status().message()));
  }
  if (!problems.empty()) return ToGrpcStatus(problems);

  auto model = engine->models->Load(*reference);
  if (!model.ok()) return ToGrpcStatus(model.status());

  const auto prompt_bytes = static_cast<int64_t>(input.prompt.size());
  auto claim =
      engine->prompt_memory.Take(prompt_bytes * BytesPerPromptByte(input.texts), "the prompt");
  if (!claim.ok()) return ToGrpcStatus(claim.status());
  auto prompt =
      (*model)->vocabulary.Encode(input.prompt, input.skip_unknown ? Vocabulary::Unknown::kIsSkipped
                                                                   : Vocabulary::Unknown::kIsError);
  if (!prompt.ok()) return ToGrpcStatus(prompt.status(), "prompt");

  start->model = *std::move(model);
  start->sampling = sampling;
  start->prompt = *std::move(prompt);
  start->prompt_memory = *std::move(claim);
  return grpc::Status::OK;
}

}  // namespace runnel::server
