// One UploadCorpus call: each message is checked and written on the executor, then the next
// one is read.
//
// Nothing runs in two places at a time: a read is asked for when the last piece is written, and
// work is queued when a read is done. Only OnCancel may come beside them, and it is not needed: a
// broken stream shows in the next read.
#ifndef RUNNEL_SERVER_TRAINING_UPLOAD_CALL_H_
#define RUNNEL_SERVER_TRAINING_UPLOAD_CALL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>
#include <string>

#include "runnel/v1/training.pb.h"
#include "server/engine.h"

namespace runnel::server {

class UploadCall : public grpc::ServerReadReactor<v1::UploadCorpusRequest> {
 public:
  // Deletes itself when it is done. `context` and `response` are gRPC's.
  UploadCall(Engine* engine, grpc::CallbackServerContext* context,
             v1::UploadCorpusResponse* response);

  void OnReadDone(bool ok) override;
  void OnDone() override;

 private:
  // All with mutex_ held.
  absl::Status TryBegin();
  void ReadNext();
  void Append();
  void Commit();
  // Ends the call with an error; what was written goes.
  void Refuse(const absl::Status& status);

  Engine& engine_;
  grpc::CallbackServerContext& context_;
  v1::UploadCorpusResponse& response_;
  // Held by each step. gRPC starts a step as soon as the one before has asked for it, perhaps
  // before that one has returned.
  std::mutex mutex_;
  std::unique_ptr<CorpusUploads::Upload> upload_;  // also the call's place on the executor
  v1::UploadCorpusRequest message_;
  std::string committed_id_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_UPLOAD_CALL_H_
