// One GenerateChars call: writes a text on the generation pool and streams it as the reader takes
// it.
//
// At most one write is in flight. Meanwhile the text grows up to a bound; then the writing pauses
// until the reader has taken a message, so a slow reader holds up itself alone. The first message
// goes out with the first character; the more texts there are, the longer the later ones wait for
// more characters, as messages cost more than characters.
//
// Lifetime: the call owns itself until OnDone; tasks and the pool hold it too. gRPC is touched
// under mutex_ alone and never after Finish, so nothing reaches a call that gRPC has let go.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_GENERATE_CHARS_CALL_H_
#define RUNNEL_SERVER_TEXT_GENERATION_GENERATE_CHARS_CALL_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "runnel/v1/generation.pb.h"
#include "server/engine.h"
#include "server/text_generation/generation_run.h"
#include "server/text_generation/generation_start.h"

namespace runnel::server {

class GenerateCharsCall : public grpc::ServerWriteReactor<v1::GenerateCharsResponse>,
                          public Scheduler::Text,
                          public std::enable_shared_from_this<GenerateCharsCall> {
 public:
  // The reactor for a call; it deletes itself. `request` must live until OnDone, as gRPC's does.
  static GenerateCharsCall* Start(Engine* engine, const v1::GenerateCharsRequest* request);

  Session& session() override { return run_->session(); }
  bool GoesOn() override;
  bool OnStep(Event event, absl::string_view written) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  GenerateCharsCall(Engine* engine, const v1::GenerateCharsRequest* request)
      : engine_(*engine), request_(*request), arrival_(GenerationRun::Clock::now()) {}

  // Off gRPC's threads: checks the request, then schedules the writing.
  void Prepare();
  void Refuse(const absl::Status& status);
  // Takes what a step wrote; false if the writing must pause.
  bool Deliver(absl::string_view written);
  void EndText(absl::string_view written);
  // Adds what a step wrote to what is pending. mutex_ held.
  void TakeTextLocked(absl::string_view written);
  // Of what may wait for the reader, 1 or more when the writing must pause. mutex_ held.
  double PendingShareLocked() const;
  // Whether the next message should wait for more characters. mutex_ held.
  bool WaitsForMoreLocked() const;
  // Sends what there is to send, if gRPC is ready. mutex_ held.
  void SendLocked();
  // Moves the next message's text from pending_ into message_. mutex_ held.
  void TakeMessageLocked();

  Engine& engine_;
  const v1::GenerateCharsRequest& request_;
  const GenerationRun::Clock::time_point arrival_;
  std::atomic<bool> cancelled_ = false;

  std::unique_ptr<MemoryBudget::Claim> text_memory_;  // as long as gRPC keeps the request
  // Of the task that prepares, then of the scheduler.
  std::unique_ptr<GenerationRun> run_;

  std::mutex mutex_;
  std::shared_ptr<GenerateCharsCall> self_;  // until OnDone
  std::unique_ptr<Slots::Slot> admission_;
  std::string pending_;                       // text that no message has yet
  std::deque<CharLogprob> pending_logprobs_;  // of its characters, if they are asked for
  size_t chars_max_ = 0;                      // of a message; 0: no limit
  std::optional<GenerationRun::Clock::time_point> last_message_;
  bool write_in_flight_ = false;
  bool paused_ = false;  // in no scheduler, until a write is done
  bool text_ended_ = false;
  bool finished_ = false;
  v1::GenerationSummary summary_;
  absl::Status failure_;  // takes the summary's place
  v1::GenerateCharsResponse message_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_GENERATE_CHARS_CALL_H_
