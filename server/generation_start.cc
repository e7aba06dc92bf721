#include "server/generation_start.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/generate/state_token.h"
#include "core/model/model_reference.h"

namespace runnel::server {
namespace {

// What a byte of a prompt takes: itself, in the request, and an id for each byte in the encoding
// and in each text's session.
int64_t BytesPerPromptByte(int texts) {
  return 1 + static_cast<int64_t>(sizeof(int32_t)) * (texts + 1);
}

// The sessions of `texts` texts: the first is the options' sample, the others follow it.
absl::StatusOr<std::vector<Session>> MakeSessions(const std::shared_ptr<const LoadedModel>& model,
                                                  SamplingOptions sampling,
                                                  const SessionState* resumed,
                                                  const std::vector<int32_t>& prompt, int texts) {
  std::vector<Session> sessions;
  for (int i = 0; i < texts; ++i, ++sampling.sample_index) {
    if (resumed == nullptr) {
      sessions.emplace_back(model, sampling, prompt);
      continue;
    }
    auto session = Session::Resume(model, sampling, *resumed, prompt);
    if (!session.ok()) return session.status();
    sessions.push_back(*std::move(session));
  }
  return sessions;
}

}  // namespace

grpc::Status StartGeneration(const GenerationInput& input, SamplingOptions sampling,
                             Violations problems, Engine* engine, GenerationStart* start) {
  const absl::StatusOr<ModelReference> reference = ParseModelReference(input.model);
  if (!reference.ok()) {
    problems.Add("model", std::string(reference.status().message()));
  }
  if (!problems.empty()) return ToGrpcStatus(problems);

  const auto model = engine->models->Load(*reference);
  if (!model.ok()) return ToGrpcStatus(model.status());
  if ((*model)->decoder == nullptr) {
    return {grpc::StatusCode::FAILED_PRECONDITION,
            absl::StrCat("model ", (*model)->name, ":", (*model)->version,
                         " is bidirectional: it sees what follows a character and cannot write; "
                         "FillBlanks fills blanks with it, Score rates a text")};
  }
  const Vocabulary& vocabulary = (*model)->vocabulary;
  BindToVocabulary(vocabulary, &engine->patterns, &sampling, &problems);
  if (!problems.empty()) return ToGrpcStatus(problems);

  const auto prompt_bytes = static_cast<int64_t>(input.prompt.size());
  auto claim =
      engine->prompt_memory.Take(prompt_bytes * BytesPerPromptByte(input.texts), "the prompt");
  if (!claim.ok()) return ToGrpcStatus(claim.status());
  const auto prompt =
      vocabulary.Encode(input.prompt, input.skip_unknown ? Vocabulary::Unknown::kIsSkipped
                                                         : Vocabulary::Unknown::kIsError);
  if (!prompt.ok()) return ToGrpcStatus(prompt.status(), "prompt");

  std::optional<SessionState> resumed;
  if (!input.resume_state.empty()) {
    auto state = DecodeStateToken(input.resume_state, **model);
    if (!state.ok()) return ToGrpcStatus(state.status(), "resume_state");
    resumed = *std::move(state);
    if (!input.has_seed) sampling.seed = resumed->seed;
    sampling.sample_index = resumed->sample_index;
  }
  auto sessions =
      MakeSessions(*model, sampling, resumed ? &*resumed : nullptr, prompt->ids, input.texts);
  if (!sessions.ok()) return ToGrpcStatus(sessions.status(), "resume_state");
  for (Session& session : *sessions) {
    start->runs.emplace_back(std::move(session),
                             GenerationRun::Facts{.seed = sampling.seed,
                                                  .model_version = (*model)->version,
                                                  .prompt_chars = prompt->chars,
                                                  .return_state = sampling.return_state,
                                                  .arrival = input.arrival});
  }
  start->prompt_memory = *std::move(claim);
  return grpc::Status::OK;
}

}  // namespace runnel::server
