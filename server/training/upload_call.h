// One UploadCorpus call: each message is checked and written on the executor, then the next
// one is read.
//
// Only one step runs at a time: a read is asked for when the last piece is written, and work is
// queued when a read is done. A cancel needs no reaction, because the next read fails after it.
#ifndef RUNNEL_SERVER_TRAINING_UPLOAD_CALL_H_
#define RUNNEL_SERVER_TRAINING_UPLOAD_CALL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "runnel/v1/training.pb.h"
#include "server/base/self_owned_call.h"
#include "server/training/training_parts.h"

namespace runnel::server {

class UploadCall : public SelfOwnedCall<grpc::ServerReadReactor<v1::UploadCorpusRequest>> {
 public:
  // The reactor for a call; it deletes itself. `context` and `response` are gRPC's.
  static UploadCall* Start(const TrainingJobParts& parts, grpc::CallbackServerContext* context,
                           v1::UploadCorpusResponse* response);

  void OnReadDone(bool ok) override;

 private:
  UploadCall(const TrainingJobParts& parts, grpc::CallbackServerContext* context,
             v1::UploadCorpusResponse* response)
      : parts_(parts), context_(*context), response_(*response) {}

  void Begin();
  absl::Status TryBegin() RUNNEL_REQUIRES(mutex_);
  void ReadNext() RUNNEL_REQUIRES(mutex_);
  // On the executor, after a read: `ok` if it brought a message.
  void TakeRead(bool ok);
  void Append() RUNNEL_REQUIRES(mutex_);
  void Commit() RUNNEL_REQUIRES(mutex_);
  // Ends the call with an error; what was written goes.
  void Refuse(const absl::Status& status) RUNNEL_REQUIRES(mutex_);
  void OnEnd() override;
  // Removes the corpus whose id no client knows.
  void Withdraw();

  const TrainingJobParts parts_;
  grpc::CallbackServerContext& context_;
  v1::UploadCorpusResponse& response_;
  // This is also the call's place on the executor.
  std::unique_ptr<CorpusUploads::Upload> upload_ RUNNEL_GUARDED_BY(mutex_);
  v1::UploadCorpusRequest message_ RUNNEL_GUARDED_BY(mutex_);
  std::string committed_id_ RUNNEL_GUARDED_BY(mutex_);
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_UPLOAD_CALL_H_
