// One FillBlanks call.
#ifndef RUNNEL_SERVER_FILL_BLANKS_CALL_H_
#define RUNNEL_SERVER_FILL_BLANKS_CALL_H_

#include <memory>

#include "core/generate/blank_filler.h"
#include "core/generate/blank_text.h"
#include "runnel/v1/generation.pb.h"
#include "server/reading_call.h"

namespace runnel::server {

class FillBlanksCall : public ReadingCall {
 public:
  // `request` and `response` must live until OnDone, as gRPC's do.
  FillBlanksCall(Engine* engine, const v1::FillBlanksRequest* request,
                 v1::FillBlanksResponse* response)
      : ReadingCall(engine), request_(*request), response_(*response) {}

 protected:
  grpc::Status Prepare() override;
  bool Advance() override { return filler_->Advance(); }
  void WriteResponse() override;

 private:
  // What can be told without the model. `blank` and `blanks` are what it finds.
  Violations CheckRequest(std::string* blank, int64_t* blanks) const;

  const v1::FillBlanksRequest& request_;
  v1::FillBlanksResponse& response_;
  std::shared_ptr<const LoadedModel> model_;
  BlankText text_;
  std::unique_ptr<BlankFiller> filler_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_FILL_BLANKS_CALL_H_
