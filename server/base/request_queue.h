// Queues work on requests, which count against a memory budget while they wait, so that neither the
// number of waiting requests nor their size is without a bound. Thread-safe.
#ifndef RUNNEL_SERVER_BASE_REQUEST_QUEUE_H_
#define RUNNEL_SERVER_BASE_REQUEST_QUEUE_H_

#include <google/protobuf/message_lite.h>

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/executor.h"
#include "server/base/memory_budget.h"

namespace runnel::server {

// Claims the memory that `request` takes. RESOURCE_EXHAUSTED if too little is free.
absl::StatusOr<std::shared_ptr<const MemoryBudget::Claim>> ClaimMemoryOf(
    const google::protobuf::MessageLite& request, MemoryBudget* memory);

class RequestQueue {
 public:
  // The executor and the budget must outlive this object; the budget must also outlive the tasks.
  RequestQueue(Executor* executor, MemoryBudget* memory) : executor_(*executor), memory_(*memory) {}

  // Queues work on `request`, whose memory is claimed until the work is done. RESOURCE_EXHAUSTED,
  // and the task is dropped, if too many tasks wait or too little memory is free.
  absl::Status Submit(const google::protobuf::MessageLite& request, std::function<void()> task);

 private:
  Executor& executor_;
  MemoryBudget& memory_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_REQUEST_QUEUE_H_
