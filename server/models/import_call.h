// One ImportModel call: each message is checked and written on the executor, then the next one is
// read; at the end the model is published there.
//
// Nothing runs in two places at a time: a read is asked for when the last piece is written, and
// work is queued when a read is done. Only OnCancel may come beside them, and it is not needed: a
// broken stream shows in the next read.
#ifndef RUNNEL_SERVER_MODELS_IMPORT_CALL_H_
#define RUNNEL_SERVER_MODELS_IMPORT_CALL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>

#include "core/model/model_reference.h"
#include "runnel/v1/models.pb.h"
#include "server/base/slots.h"
#include "server/engine.h"
#include "server/models/model_import.h"

namespace runnel::server {

class ImportCall : public grpc::ServerReadReactor<v1::ImportModelRequest>,
                   public std::enable_shared_from_this<ImportCall> {
 public:
  // The reactor for a call; it deletes itself. `context` and `response` are gRPC's.
  static ImportCall* Start(Engine* engine, grpc::CallbackServerContext* context,
                           v1::ImportModelResponse* response);

  void OnReadDone(bool ok) override;
  void OnDone() override;

 private:
  ImportCall(Engine* engine, grpc::CallbackServerContext* context,
             v1::ImportModelResponse* response)
      : engine_(*engine), context_(*context), response_(*response) {}

  // All with mutex_ held.
  absl::Status TryBegin();
  void ReadNext();
  void Take();
  void Publish();
  // Ends the call; what was written goes.
  void End(const absl::Status& status);

  // Takes back what is published.
  void Withdraw();

  Engine& engine_;
  grpc::CallbackServerContext& context_;
  v1::ImportModelResponse& response_;
  // Held by each step. gRPC starts a step as soon as the one before has asked for it, perhaps
  // before that one has returned.
  std::mutex mutex_;
  std::shared_ptr<ImportCall> self_;     // until OnDone
  std::unique_ptr<Slots::Slot> slot_;    // also the call's place on the executor
  std::unique_ptr<ModelImport> import_;  // from the first message on
  v1::ImportModelRequest message_;
  ModelReference published_;  // its version is 0 until there is one
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_MODELS_IMPORT_CALL_H_
