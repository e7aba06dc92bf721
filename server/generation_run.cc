#include "server/generation_run.h"

#include <utility>

namespace runnel::server {

GenerationRun::GenerationRun(std::shared_ptr<const LoadedModel> model,
                             const SamplingOptions& options, Vocabulary::Encoded prompt,
                             Clock::time_point arrival)
    : seed_(options.seed),
      version_(model->version),
      prompt_chars_(prompt.chars),
      arrival_(arrival),
      stream_(Session(std::move(model), options, std::move(prompt.ids))),
      last_char_(arrival) {}

Event GenerationRun::Step(std::string* text) {
  if (!first_step_) first_step_ = Clock::now();
  const Event event = stream_.Step(text);
  if (event == Event::kReading || event == Event::kMidChar) return event;
  last_char_ = Clock::now();
  if (!first_char_) first_char_ = last_char_;
  return event;
}

v1::GenerationSummary GenerationRun::Summary(v1::FinishReason reason) const {
  v1::GenerationSummary summary;
  summary.set_finish_reason(reason);
  summary.set_model_version(version_);
  summary.set_seed(seed_);
  summary.set_prompt_chars(static_cast<int32_t>(prompt_chars_));
  summary.set_generated_chars(static_cast<int32_t>(stream_.session().generated_chars()));
  summary.set_queue_ms(MillisecondsUntil(first_step_));
  summary.set_first_char_ms(MillisecondsUntil(first_char_));
  summary.set_total_ms(MillisecondsUntil(last_char_));
  summary.set_logprob(static_cast<float>(stream_.session().logprob()));
  return summary;
}

float GenerationRun::MillisecondsUntil(std::optional<Clock::time_point> time) const {
  if (!time) return 0;
  return std::chrono::duration<float, std::milli>(*time - arrival_).count();
}

}  // namespace runnel::server
