// One Score call.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_SCORE_CALL_H_
#define RUNNEL_SERVER_TEXT_GENERATION_SCORE_CALL_H_

#include <memory>

#include "core/model/model_store.h"
#include "core/reading/scorer.h"
#include "runnel/v1/generation.pb.h"
#include "server/text_generation/reading_call.h"

namespace runnel::server {

class ScoreCall : public ReadingCall {
 public:
  // `request` and `response` must live until OnDone, as gRPC's do.
  ScoreCall(const TextGenerationParts& parts, const v1::ScoreRequest* request,
            v1::ScoreResponse* response)
      : ReadingCall(parts, *request, request->model()), request_(*request), response_(*response) {}

 protected:
  absl::Status Prepare(const FoundModel& found) override;
  absl::StatusOr<bool> Advance() override;
  void WriteResponse() override;

 private:
  const v1::ScoreRequest& request_;
  v1::ScoreResponse& response_;
  std::shared_ptr<const LoadedModel> model_;
  std::unique_ptr<Scorer> scorer_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_SCORE_CALL_H_
