#include "server/text_generation/generation_start.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/random_id.h"
#include "core/generate/state_token.h"

namespace runnel::server {
namespace {

// The memory that a generation takes: the request, which stays until the end; an id for each byte
// of its prompt, once in the encoded prompt and once in each text's session; each text's state, two
// more if it can be returned, three marks for each symbol of the vocabulary, and its copy of the
// bias; and the texts it writes.
int64_t MemoryNeeded(const GenerationInput& input, const LanguageModel& model,
                     const SamplingOptions& sampling) {
  const auto id_bytes = static_cast<int64_t>(input.prompt.size() * sizeof(int32_t));
  const auto state_bytes = static_cast<int64_t>(model.decoder->state_size() * sizeof(float));
  const auto bias_bytes =
      sampling.logit_bias == nullptr
          ? int64_t{0}
          : static_cast<int64_t>(sampling.logit_bias->entries.size() * sizeof(LogitOffset));
  const int64_t text_bytes = id_bytes + state_bytes * (sampling.return_state ? 3 : 1) +
                             3 * int64_t{model.vocabulary.size()} + bias_bytes;
  return input.request_bytes + id_bytes + text_bytes * input.texts + input.response_bytes;
}

// Makes the sessions of `texts` texts. The first has the sample index of the options, the next ones
// have the following indices.
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

absl::StatusOr<GenerationStart> StartGeneration(const GenerationInput& input,
                                                const FoundModel& found, SamplingOptions sampling,
                                                Violations violations,
                                                const TextGenerationParts& parts) {
  FoundModel valid = UnlessInvalid(found, std::move(violations));
  if (!valid.ok()) return valid.status();
  const std::shared_ptr<const LoadedModel> model = *std::move(valid);
  if (model->decoder == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("model ", model->name, ":", model->version,
                     " is bidirectional: it sees what follows a character and cannot write; "
                     "FillBlanks fills blanks with it, Score rates a text"));
  }
  const Vocabulary& vocabulary = model->vocabulary;
  Violations unbound;
  BindToVocabulary(vocabulary, &parts.patterns, &sampling, &unbound);
  Violations unfit;
  unfit.AddPrefixed("sampling.", unbound);
  if (!unfit.empty()) return ToStatus(unfit);

  auto claim = parts.text_memory.Take(MemoryNeeded(input, *model, sampling), "the request");
  if (!claim.ok()) return claim.status();
  const auto prompt =
      vocabulary.Encode(input.prompt, input.skip_unknown ? Vocabulary::Unknown::kIsSkipped
                                                         : Vocabulary::Unknown::kIsError);
  if (!prompt.ok()) return AtField("prompt", prompt.status());

  std::optional<SessionState> resumed;
  if (!input.resume_state.empty()) {
    auto state = DecodeStateToken(input.resume_state, *model);
    if (!state.ok()) return AtField("resume_state", state.status());
    resumed = *std::move(state);
    if (!sampling.seed) sampling.seed = resumed->seed;
    sampling.sample_index = resumed->sample_index;
  }
  if (!sampling.seed) sampling.seed = RandomSeed();
  auto sessions =
      MakeSessions(model, sampling, resumed ? &*resumed : nullptr, prompt->ids, input.texts);
  if (!sessions.ok()) return AtField("resume_state", sessions.status());
  GenerationStart start;
  for (Session& session : *sessions) {
    start.runs.emplace_back(std::move(session),
                            GenerationRun::Facts{.seed = *sampling.seed,
                                                 .model = model->name,
                                                 .model_version = model->version,
                                                 .prompt_chars = prompt->chars,
                                                 .return_state = sampling.return_state,
                                                 .arrival = input.arrival});
  }
  start.text_memory = *std::move(claim);
  return start;
}

}  // namespace runnel::server
