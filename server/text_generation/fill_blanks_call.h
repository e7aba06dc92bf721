// One FillBlanks call.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_FILL_BLANKS_CALL_H_
#define RUNNEL_SERVER_TEXT_GENERATION_FILL_BLANKS_CALL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/reading/blank_filler.h"
#include "core/reading/blank_text.h"
#include "runnel/v1/generation.pb.h"
#include "server/text_generation/reading_call.h"

namespace runnel::server {

class FillBlanksCall : public ReadingCall {
 public:
  // `request` and `response` must live until OnDone, as gRPC's do.
  FillBlanksCall(const TextGenerationParts& parts, const v1::FillBlanksRequest* request,
                 v1::FillBlanksResponse* response)
      : ReadingCall(parts, *request, request->model()), request_(*request), response_(*response) {}

 protected:
  absl::Status Prepare(const FoundModel& found) override;
  absl::StatusOr<bool> Advance() override;
  void WriteResponse() override;

 private:
  // Checks everything that does not need the model. Sets blank_, and `blanks` to the number of
  // blanks.
  Violations CheckRequest(int64_t* blanks);
  // The request's text with its blanks filled. Characters that the model does not know stay as they
  // are.
  std::string FilledText() const;

  const v1::FillBlanksRequest& request_;
  v1::FillBlanksResponse& response_;
  std::shared_ptr<const LoadedModel> model_;
  std::string blank_;
  std::vector<int64_t> positions_;  // of the blanks, in characters
  std::vector<size_t> masked_;      // of the blanks, among the text's symbols
  std::unique_ptr<BlankFiller> filler_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_FILL_BLANKS_CALL_H_
