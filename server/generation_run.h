// One text being written for a request: a session with what its summary tells. Not thread-safe; it
// may move between threads from call to call.
#ifndef RUNNEL_SERVER_GENERATION_RUN_H_
#define RUNNEL_SERVER_GENERATION_RUN_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/generate/single_stream.h"
#include "core/model/model_store.h"
#include "core/text/vocabulary.h"
#include "runnel/v1/generation.pb.h"

namespace runnel::server {

// How long a text is worked on before others have their turn.
inline constexpr std::chrono::milliseconds kGenerationSlice(2);

class GenerationRun {
 public:
  using Clock = std::chrono::steady_clock;

  // `arrival` is the request's.
  GenerationRun(std::shared_ptr<const LoadedModel> model, const SamplingOptions& options,
                Vocabulary::Encoded prompt, Clock::time_point arrival);

  // One step of the model; appends to `text`.
  Event Step(std::string* text);

  v1::GenerationSummary Summary(v1::FinishReason reason) const;

 private:
  float MillisecondsUntil(std::optional<Clock::time_point> time) const;

  const uint64_t seed_;
  const int version_;
  const int64_t prompt_chars_;
  const Clock::time_point arrival_;
  SingleStream stream_;
  std::optional<Clock::time_point> first_step_;
  std::optional<Clock::time_point> first_char_;
  Clock::time_point last_char_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_GENERATION_RUN_H_
