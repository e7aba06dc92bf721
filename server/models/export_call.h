// One ExportModel call: pieces of the file are read on the executor, and sent one by one.
//
// Lifetime as in GenerateCharsCall.
#ifndef RUNNEL_SERVER_MODELS_EXPORT_CALL_H_
#define RUNNEL_SERVER_MODELS_EXPORT_CALL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>
#include <optional>

#include "core/model/model_reference.h"
#include "core/model/model_store.h"
#include "runnel/v1/models.pb.h"
#include "server/base/slots.h"
#include "server/engine.h"

namespace runnel::server {

class ExportCall : public grpc::ServerWriteReactor<v1::ExportModelResponse>,
                   public std::enable_shared_from_this<ExportCall> {
 public:
  // The reactor for a call; it deletes itself.
  static ExportCall* Start(Engine* engine, const v1::ExportModelRequest& request);

  void OnWriteDone(bool ok) override;
  void OnDone() override;

 private:
  explicit ExportCall(Engine* engine) : engine_(*engine) {}

  // All with mutex_ held.
  absl::Status TryBegin(const v1::ExportModelRequest& request);
  // Has the next piece read and sent.
  absl::Status Continue();
  absl::Status TrySend();

  Engine& engine_;
  // Held by each step. gRPC starts a step as soon as the one before has asked for it, perhaps
  // before that one has returned.
  std::mutex mutex_;
  std::shared_ptr<ExportCall> self_;   // until OnDone
  std::unique_ptr<Slots::Slot> slot_;  // also the call's place on the executor
  ModelReference reference_;
  std::optional<ModelStore::OpenedFile> file_;
  v1::ExportModelResponse message_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_MODELS_EXPORT_CALL_H_
