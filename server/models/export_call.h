// One ExportModel call: pieces of the file are read on the executor, and sent one by one.
#ifndef RUNNEL_SERVER_MODELS_EXPORT_CALL_H_
#define RUNNEL_SERVER_MODELS_EXPORT_CALL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>

#include "core/model/model_reference.h"
#include "core/model/model_store.h"
#include "runnel/v1/models.pb.h"
#include "server/base/fair_slots.h"
#include "server/base/self_owned_call.h"
#include "server/models/model_parts.h"

namespace runnel::server {

class ExportCall : public SelfOwnedCall<grpc::ServerWriteReactor<v1::ExportModelResponse>> {
 public:
  // The reactor for a call; it deletes itself.
  static ExportCall* Start(const ModelParts& parts, const grpc::CallbackServerContext& context,
                           const v1::ExportModelRequest& request);

  void OnWriteDone(bool ok) override;

 private:
  explicit ExportCall(const ModelParts& parts) : parts_(parts) {}

  void Begin(const std::string& peer, const v1::ExportModelRequest& request);
  absl::Status TryBegin(const std::string& peer, const v1::ExportModelRequest& request)
      RUNNEL_REQUIRES(mutex_);
  // Has the executor read and send the next piece.
  absl::Status Continue() RUNNEL_REQUIRES(mutex_);
  void Send();
  absl::Status TrySend() RUNNEL_REQUIRES(mutex_);

  const ModelParts parts_;
  // This is also the call's place on the executor.
  std::unique_ptr<FairSlots::Slot> slot_ RUNNEL_GUARDED_BY(mutex_);
  ModelReference reference_ RUNNEL_GUARDED_BY(mutex_);
  std::optional<ModelStore::OpenedFile> file_ RUNNEL_GUARDED_BY(mutex_);
  v1::ExportModelResponse message_ RUNNEL_GUARDED_BY(mutex_);
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_MODELS_EXPORT_CALL_H_
