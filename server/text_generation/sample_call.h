// One Sample call: its texts grow at the same time on the generation pool, and the last one to end
// finishes the call.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_SAMPLE_CALL_H_
#define RUNNEL_SERVER_TEXT_GENERATION_SAMPLE_CALL_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "runnel/v1/generation.pb.h"
#include "server/base/self_owned_call.h"
#include "server/text_generation/generation_run.h"
#include "server/text_generation/generation_start.h"
#include "server/text_generation/text_generation_parts.h"

namespace runnel::server {

class SampleCall : public SelfOwnedCall<grpc::ServerUnaryReactor> {
 public:
  // The reactor for a call; it deletes itself. `request` and `response` must live until Finish, as
  // gRPC's do.
  static SampleCall* Start(const TextGenerationParts& parts, const v1::SampleRequest* request,
                           v1::SampleResponse* response);

 private:
  class TextTask;

  SampleCall(const TextGenerationParts& parts, const v1::SampleRequest* request,
             v1::SampleResponse* response)
      : parts_(parts),
        request_(*request),
        response_(*response),
        arrival_(GenerationRun::Clock::now()) {}

  // Off gRPC's threads: checks the request, then schedules the writing.
  void Prepare(const FoundModel& found);
  absl::Status TryPrepare(const FoundModel& found);
  // Takes note that a text has ended, and whether it failed. The last one finishes the call.
  void TextEnded(const absl::Status& status);
  void OnEnd() override { admission_.reset(); }

  const TextGenerationParts parts_;
  const v1::SampleRequest& request_;
  v1::SampleResponse& response_;
  const GenerationRun::Clock::time_point arrival_;
  std::atomic<int> texts_left_ = 0;
  absl::Status failure_ RUNNEL_GUARDED_BY(mutex_);  // of a text
  std::vector<v1::SampledText> texts_;              // in the order of their index
  std::unique_ptr<Slots::Slot> admission_;
  std::unique_ptr<MemoryBudget::Claim> text_memory_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_SAMPLE_CALL_H_
