// Calls that need no reactor of their own, because they are answered at once or by one task.
#ifndef RUNNEL_SERVER_BASE_FINISHED_CALL_H_
#define RUNNEL_SERVER_BASE_FINISHED_CALL_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <utility>

#include "server/base/executor.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

// Ends a call that has its answer already.
inline grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context,
                                        const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

// Answers a call with what `work` returns, which runs on one of the executor's threads and may
// block. gRPC keeps the request and the response until then, even if the call is cancelled.
inline grpc::ServerUnaryReactor* AnswerOn(Executor* executor, grpc::CallbackServerContext* context,
                                          std::function<absl::Status()> work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::Status status = executor->Submit([reactor, context, work = std::move(work)] {
    // Nobody waits for the answer of a call that was cancelled in the meantime.
    reactor->Finish(context->IsCancelled() ? grpc::Status::CANCELLED : ToGrpcStatus(work()));
  });
  if (!status.ok()) reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

inline absl::Status NotOffered(const char* rpc) {
  return absl::UnimplementedError(absl::StrCat(rpc, " is not available in this release"));
}

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_FINISHED_CALL_H_
