#include "server/text_generation/generation_run.h"

#include "absl/strings/str_cat.h"
#include "core/generate/state_token.h"
#include "server/wire/error_mapping.h"
#include "server/wire/generation_convert.h"

namespace runnel::server {

void GenerationRun::NoteStep() {
  if (!first_step_) first_step_ = Clock::now();
}

void GenerationRun::NoteEvent(Event event) {
  if (event == Event::kReading || event == Event::kMidChar) return;
  last_char_ = Clock::now();
  if (!first_char_) first_char_ = last_char_;
}

absl::StatusOr<v1::GenerationSummary> GenerationRun::Summary() const {
  if (absl::Status status = session_.status(); !status.ok()) {
    return WithField(absl::StrCat("model ", facts_.model, ":", facts_.model_version), status);
  }
  v1::GenerationSummary summary;
  summary.set_finish_reason(ToProto(session_.finish_reason()));
  summary.set_matched_stop(session_.matched_stop());
  summary.set_model_version(facts_.model_version);
  summary.set_seed(facts_.seed);
  summary.set_prompt_chars(static_cast<int32_t>(facts_.prompt_chars));
  summary.set_generated_chars(static_cast<int32_t>(session_.generated_chars()));
  summary.set_queue_ms(MillisecondsUntil(first_step_));
  summary.set_first_char_ms(MillisecondsUntil(first_char_));
  summary.set_total_ms(MillisecondsUntil(last_char_));
  summary.set_logprob(static_cast<float>(session_.logprob()));
  if (facts_.return_state) {
    const std::optional<SessionState> state = session_.Save();
    if (state) summary.set_state(EncodeStateToken(*state, session_.model()));
  }
  return summary;
}

float GenerationRun::MillisecondsUntil(std::optional<Clock::time_point> time) const {
  if (!time) return 0;
  return std::chrono::duration<float, std::milli>(*time - facts_.arrival).count();
}

}  // namespace runnel::server
