// One ImportModel call: each message is checked and written on the executor, then the next one is
// read; at the end the model is published there.
//
// Only one step runs at a time: a read is asked for when the last piece is written, and work is
// queued when a read is done. A cancel needs no reaction, because the next read fails after it.
#ifndef RUNNEL_SERVER_MODELS_IMPORT_CALL_H_
#define RUNNEL_SERVER_MODELS_IMPORT_CALL_H_

#include <grpcpp/grpcpp.h>

#include <memory>

#include "core/model/model_reference.h"
#include "runnel/v1/models.pb.h"
#include "server/base/fair_slots.h"
#include "server/base/self_owned_call.h"
#include "server/models/model_import.h"
#include "server/models/model_parts.h"

namespace runnel::server {

class ImportCall : public SelfOwnedCall<grpc::ServerReadReactor<v1::ImportModelRequest>> {
 public:
  // The reactor for a call; it deletes itself. `context` and `response` are gRPC's.
  static ImportCall* Start(const ModelParts& parts, grpc::CallbackServerContext* context,
                           v1::ImportModelResponse* response);

  void OnReadDone(bool ok) override;

 private:
  ImportCall(const ModelParts& parts, grpc::CallbackServerContext* context,
             v1::ImportModelResponse* response)
      : parts_(parts), context_(*context), response_(*response) {}

  void Begin();
  absl::Status TryBegin() RUNNEL_REQUIRES(mutex_);
  void ReadNext() RUNNEL_REQUIRES(mutex_);
  // On the executor, after a read: `ok` if it brought a message.
  void TakeRead(bool ok);
  void TakeMessage() RUNNEL_REQUIRES(mutex_);
  void Publish() RUNNEL_REQUIRES(mutex_);
  // Removes the file that was received and finishes the call.
  void Close(const absl::Status& status) RUNNEL_REQUIRES(mutex_);
  void OnEnd() override;
  // Deletes the published version, which no client knows.
  void Withdraw();

  const ModelParts parts_;
  grpc::CallbackServerContext& context_;
  v1::ImportModelResponse& response_;
  // This is also the call's place on the executor.
  std::unique_ptr<FairSlots::Slot> slot_ RUNNEL_GUARDED_BY(mutex_);
  std::unique_ptr<ModelImport> import_ RUNNEL_GUARDED_BY(mutex_);  // from the first message on
  v1::ImportModelRequest message_ RUNNEL_GUARDED_BY(mutex_);
  ModelReference published_ RUNNEL_GUARDED_BY(mutex_);  // its version is 0 until there is one
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_MODELS_IMPORT_CALL_H_
