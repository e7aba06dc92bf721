#include "server/text_generation/reading_call.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/out_of_memory.h"
#include "core/base/thread.h"
#include "core/text/utf8.h"

namespace runnel::server {
namespace {

// The memory that each byte of a text takes in addition to the request: three 32-bit numbers (its
// id as encoded, its id among context and text, the index of its character) and its
// log-probability, once as a double and once as a float.
constexpr int64_t kBytesPerTextByte = 3 * sizeof(int32_t) + sizeof(double) + sizeof(float);

}  // namespace

grpc::ServerUnaryReactor* ReadingCall::Start(const std::shared_ptr<ReadingCall>& call) {
  const TextGenerationParts& parts = call->parts_;
  call->OwnItself();
  auto admission = parts.readings.Admit();
  absl::Status status = admission.status();
  if (status.ok()) {
    {
      const MutexLock lock(&call->mutex_);
      call->admission_ = *std::move(admission);
    }
    status = parts.requests.Submit(call->model_, call->message_, [call](const FoundModel& found) {
      const absl::Status prepared = OrOutOfMemory("the text", [&] { return call->Prepare(found); });
      if (!prepared.ok()) return call->End(prepared);
      call->parts_.readings.Schedule([call] { call->RunSlice(); });
    });
  }
  if (!status.ok()) call->End(status);
  return call.get();
}

void ReadingCall::RunSlice() {
  using Clock = std::chrono::steady_clock;
  PrepareThreadForMath();
  const auto slice_end = Clock::now() + ReadingPool::kSlice;
  do {
    if (cancelled()) return End(absl::CancelledError(""));
    if (parts_.readings.draining()) {
      return End(absl::UnavailableError("the server is shutting down"));
    }
    const absl::StatusOr<bool> done = OrOutOfMemory("the text", [&]() -> absl::StatusOr<bool> {
      absl::StatusOr<bool> advanced = Advance();
      if (advanced.ok() && *advanced) WriteResponse();
      return advanced;
    });
    if (!done.ok()) return End(done.status());
    if (*done) return End(absl::OkStatus());
  } while (Clock::now() < slice_end);
  parts_.readings.Schedule([call = SharedAs<ReadingCall>()] { call->RunSlice(); });
}

void ReadingCall::OnEnd() {
  const MutexLock lock(&mutex_);
  admission_.reset();
  memory_.reset();
}

void ReadingCall::CheckLength(const std::string& text, const std::string& context,
                              Violations* violations) const {
  const int64_t chars = CountChars(text) + CountChars(context);
  if (chars <= parts_.limits.chars_max) return;
  violations->Add(
      "text", absl::StrCat("has ", chars, " characters", context.empty() ? "" : " with its context",
                           "; at most ", parts_.limits.chars_max));
}

absl::Status ReadingCall::ClaimMemory(size_t text_bytes, int64_t more_bytes) {
  const auto bytes = static_cast<int64_t>(message_.ByteSizeLong() + text_bytes * kBytesPerTextByte);
  auto claim = parts_.text_memory.Take(bytes + more_bytes, "the request");
  if (!claim.ok()) return claim.status();
  const MutexLock lock(&mutex_);
  memory_ = *std::move(claim);
  return absl::OkStatus();
}

}  // namespace runnel::server
