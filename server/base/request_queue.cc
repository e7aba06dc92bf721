#include "server/base/request_queue.h"

#include <utility>

namespace runnel::server {

absl::StatusOr<std::shared_ptr<const MemoryBudget::Claim>> ClaimMemoryOf(
    const google::protobuf::MessageLite& request, MemoryBudget* memory) {
  auto claim = memory->Take(static_cast<int64_t>(request.ByteSizeLong()), "the request");
  if (!claim.ok()) return claim.status();
  return std::shared_ptr<const MemoryBudget::Claim>(*std::move(claim));
}

absl::Status RequestQueue::Submit(const google::protobuf::MessageLite& request,
                                  std::function<void()> task) {
  auto claim = ClaimMemoryOf(request, &memory_);
  if (!claim.ok()) return claim.status();
  return executor_.Submit([held = *std::move(claim), task = std::move(task)] { task(); });
}

}  // namespace runnel::server
