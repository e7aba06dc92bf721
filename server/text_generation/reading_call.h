// A unary call that reads a whole text with a model, slice by slice: what Score and FillBlanks have
// in common.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_READING_CALL_H_
#define RUNNEL_SERVER_TEXT_GENERATION_READING_CALL_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/model/model_store.h"
#include "server/base/self_owned_call.h"
#include "server/text_generation/text_generation_parts.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

class ReadingCall : public SelfOwnedCall<grpc::ServerUnaryReactor> {
 public:
  // Starts a call that was just made; it deletes itself.
  static grpc::ServerUnaryReactor* Start(const std::shared_ptr<ReadingCall>& call);

 protected:
  // `model` is the reference to a model in the request, `message`.
  ReadingCall(const TextGenerationParts& parts, const google::protobuf::MessageLite& message,
              const std::string& model)
      : parts_(parts), message_(message), model_(model) {}

  // Off gRPC's threads, once: checks the request and makes the work.
  virtual absl::Status Prepare(const FoundModel& found) = 0;
  // Does a little of the work; true when it is done. An error ends the call.
  virtual absl::StatusOr<bool> Advance() = 0;
  // Called once, after Advance has returned true.
  virtual void WriteResponse() = 0;

  // Adds a violation if a text and its context together have more characters than this server
  // takes.
  void CheckLength(const std::string& text, const std::string& context,
                   Violations* violations) const;
  // Claims memory, until the call is done, for the request, for the ids and probabilities that are
  // made of its text of `text_bytes`, and `more_bytes`.
  absl::Status ClaimMemory(size_t text_bytes, int64_t more_bytes);

  const TextGenerationParts parts_;

 private:
  void RunSlice();
  void OnEnd() override;

  const google::protobuf::MessageLite& message_;  // the request
  const std::string& model_;                      // in the request
  std::unique_ptr<Slots::Slot> admission_ RUNNEL_GUARDED_BY(mutex_);
  std::unique_ptr<MemoryBudget::Claim> memory_ RUNNEL_GUARDED_BY(mutex_);
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_READING_CALL_H_
