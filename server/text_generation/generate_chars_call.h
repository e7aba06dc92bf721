// One GenerateChars call: writes a text on the generation pool and streams it as the reader takes
// it.
//
// At most one write is in flight. Meanwhile the text grows up to a bound; then the writing pauses
// until the reader has taken a message, so a slow reader delays only itself. The first message
// goes out with the first character; the more texts there are, the longer the later ones wait for
// more characters, because messages cost more than characters.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_GENERATE_CHARS_CALL_H_
#define RUNNEL_SERVER_TEXT_GENERATION_GENERATE_CHARS_CALL_H_

#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "runnel/v1/generation.pb.h"
#include "server/base/self_owned_call.h"
#include "server/text_generation/generation_run.h"
#include "server/text_generation/generation_start.h"
#include "server/text_generation/text_generation_parts.h"

namespace runnel::server {

class GenerateCharsCall : public SelfOwnedCall<grpc::ServerWriteReactor<v1::GenerateCharsResponse>>,
                          public Scheduler::Text {
 public:
  // The reactor for a call; it deletes itself. `request` must live until OnDone, as gRPC's does.
  static GenerateCharsCall* Start(const TextGenerationParts& parts,
                                  const v1::GenerateCharsRequest* request);

  Session& session() override { return run_->session(); }
  bool Continues() override;
  bool OnStep(Event event, absl::string_view written) override;
  void OnWriteDone(bool ok) override;

 private:
  GenerateCharsCall(const TextGenerationParts& parts, const v1::GenerateCharsRequest* request)
      : parts_(parts), request_(*request), arrival_(GenerationRun::Clock::now()) {}

  // Off gRPC's threads: checks the request, then schedules the writing.
  void Prepare(const FoundModel& found);
  absl::Status TryPrepare(const FoundModel& found);
  void OnCancelled() override;
  void OnEnd() override;
  // Takes what a step wrote; false if the writing must pause.
  bool Deliver(absl::string_view written);
  void EndText(absl::string_view written);
  // Adds what a step wrote to what is pending.
  void TakeTextLocked(absl::string_view written) RUNNEL_REQUIRES(mutex_);
  // How full the buffer for the reader is. The writing pauses at 1 or more.
  double PendingShareLocked() const RUNNEL_REQUIRES(mutex_);
  // Whether the next message should wait for more characters.
  bool WaitsForMoreLocked() const RUNNEL_REQUIRES(mutex_);
  // Sends what there is to send, if gRPC is ready.
  void SendLocked() RUNNEL_REQUIRES(mutex_);
  // Moves the next message's text from pending_ into message_.
  void TakeMessageLocked() RUNNEL_REQUIRES(mutex_);

  const TextGenerationParts parts_;
  const v1::GenerateCharsRequest& request_;
  const GenerationRun::Clock::time_point arrival_;

  std::unique_ptr<MemoryBudget::Claim> text_memory_;  // as long as gRPC keeps the request
  // First used by the task that prepares the call, then only by the scheduler.
  std::unique_ptr<GenerationRun> run_;

  size_t chars_max_ = 0;  // of a message; 0: no limit. Set before the text is scheduled

  std::unique_ptr<Slots::Slot> admission_ RUNNEL_GUARDED_BY(mutex_);
  std::string pending_ RUNNEL_GUARDED_BY(mutex_);  // text that no message has yet
  // The log-probabilities of its characters, if they are asked for.
  std::deque<CharLogprob> pending_logprobs_ RUNNEL_GUARDED_BY(mutex_);
  std::optional<GenerationRun::Clock::time_point> last_message_ RUNNEL_GUARDED_BY(mutex_);
  bool write_in_flight_ RUNNEL_GUARDED_BY(mutex_) = false;
  // The text is in no scheduler until a write is done.
  bool paused_ RUNNEL_GUARDED_BY(mutex_) = false;
  bool text_ended_ RUNNEL_GUARDED_BY(mutex_) = false;
  v1::GenerationSummary summary_ RUNNEL_GUARDED_BY(mutex_);
  absl::Status failure_ RUNNEL_GUARDED_BY(mutex_);  // takes the summary's place
  v1::GenerateCharsResponse message_ RUNNEL_GUARDED_BY(mutex_);
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_GENERATE_CHARS_CALL_H_
