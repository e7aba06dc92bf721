// The beginning that both generating calls share: check the request, find the model, read the
// prompt's characters, and make the sessions.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_GENERATION_START_H_
#define RUNNEL_SERVER_TEXT_GENERATION_GENERATION_START_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/generate/sampling_options.h"
#include "server/text_generation/generation_run.h"
#include "server/text_generation/text_generation_parts.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

// A request that can be worked on.
struct GenerationStart {
  std::vector<GenerationRun> runs;                   // one for each text
  std::unique_ptr<MemoryBudget::Claim> text_memory;  // to be held as long as request and texts
};

struct GenerationInput {
  absl::string_view prompt;
  bool skip_unknown = false;
  absl::string_view resume_state;  // empty: none
  int texts = 1;
  int64_t request_bytes = 0;
  int64_t response_bytes = 0;  // that are kept in memory until the texts have ended
  GenerationRun::Clock::time_point arrival;
};

// `found` is the model that the request names. `sampling` and `violations` are the result of
// reading the request's options. Without a seed in `sampling`, a resumed text keeps its own seed,
// and any other text gets a random one.
absl::StatusOr<GenerationStart> StartGeneration(const GenerationInput& input,
                                                const FoundModel& found, SamplingOptions sampling,
                                                Violations violations,
                                                const TextGenerationParts& parts);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_GENERATION_START_H_
