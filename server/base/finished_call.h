// Calls that need no reactor of their own, because they are answered at once or by one task.
#ifndef RUNNEL_SERVER_BASE_FINISHED_CALL_H_
#define RUNNEL_SERVER_BASE_FINISHED_CALL_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/base/executor.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

// The largest request of a call that claims no memory for it: names, ids and tokens fit in. Fields
// that this release does not know count, because protobuf keeps them.
inline constexpr int64_t kSmallRequestBytesMax = 64 << 10;

// INVALID_ARGUMENT if the request is larger.
inline absl::Status CheckSmall(const google::protobuf::MessageLite& request) {
  const auto bytes = static_cast<int64_t>(request.ByteSizeLong());
  if (bytes <= kSmallRequestBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the request has ", bytes,
                                                 " bytes; a request of this method has at most ",
                                                 kSmallRequestBytesMax));
}

// Answers a call with a small request at once, with what `work` returns.
template <typename Work>
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context,
                                 const google::protobuf::MessageLite& request, const Work& work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::Status small = CheckSmall(request);
  reactor->Finish(ToGrpcStatus(small.ok() ? work() : small));
  return reactor;
}

// The same, where `work` runs on one of the executor's threads and may block. gRPC keeps the
// request and the response until then, even if the call is cancelled.
inline grpc::ServerUnaryReactor* AnswerOn(Executor* executor, grpc::CallbackServerContext* context,
                                          const google::protobuf::MessageLite& request,
                                          std::function<absl::Status()> work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = CheckSmall(request);
  if (!status.ok()) {
    reactor->Finish(ToGrpcStatus(status));
    return reactor;
  }
  status = executor->Submit([reactor, context, work = std::move(work)] {
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
