// One text that is written for a request: a session, and what its summary reports. Not thread-safe;
// it may move between threads from call to call.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_GENERATION_RUN_H_
#define RUNNEL_SERVER_TEXT_GENERATION_GENERATION_RUN_H_

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/generate/session.h"
#include "runnel/v1/generation.pb.h"

namespace runnel::server {

class GenerationRun {
 public:
  using Clock = std::chrono::steady_clock;

  // The facts about the request that a summary reports.
  struct Facts {
    uint64_t seed = 0;
    std::string model;  // its name
    int model_version = 0;
    int64_t prompt_chars = 0;
    bool return_state = false;
    Clock::time_point arrival;
  };

  GenerationRun(Session session, Facts facts)
      : facts_(std::move(facts)), session_(std::move(session)), last_char_(facts_.arrival) {}

  Session& session() { return session_; }
  // To be called before each step, and after it.
  void NoteStep();
  void NoteEvent(Event event);
  // Ends the text where it is, because the server is shutting down. Appends to `text` as
  // Session::Interrupt does.
  void Interrupt(std::string* text) { session_.Interrupt(text); }
  // The log-probabilities of the characters appended since the last call, if the request asks for
  // them.
  std::vector<CharLogprob> TakeLogprobs() { return session_.TakeLogprobs(); }

  // Call after the end. DATA_LOSS naming the model if what it computed is not finite.
  absl::StatusOr<v1::GenerationSummary> Summary() const;

 private:
  float MillisecondsUntil(std::optional<Clock::time_point> time) const;

  const Facts facts_;
  Session session_;
  std::optional<Clock::time_point> first_step_;
  std::optional<Clock::time_point> first_char_;
  Clock::time_point last_char_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_GENERATION_RUN_H_
