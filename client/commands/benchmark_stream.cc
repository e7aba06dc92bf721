#include "client/commands/benchmark_stream.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "client/output/utf8.h"

namespace runnel::client {
namespace {

double Milliseconds(BenchmarkStream::Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// The longest wait before the stream checks again whether the command is about to end.
constexpr std::chrono::milliseconds kSliceMax(100);
// A limit for slow readers, which keeps the arithmetic on time points from overflowing.
constexpr std::chrono::duration<double> kReadingTimeMax = std::chrono::hours(365 * 24);

}  // namespace

void StreamsLeft::OneDone() {
  const MutexLock lock(&mutex_);
  if (--left_ == 0) changed_.NotifyAll();
}

void StreamsLeft::WaitForNone() {
  const MutexLock lock(&mutex_);
  while (left_ > 0) changed_.Wait(&mutex_);
}

BenchmarkStream::BenchmarkStream(Connection& connection, v1::GenerateCharsRequest request,
                                 double chars_per_second, StreamsLeft& left)
    : interrupt_(connection.interrupt()),
      call_(connection),
      request_(std::move(request)),
      chars_per_second_(chars_per_second),
      left_(left) {}

void BenchmarkStream::Start(v1::TextGenerationService::Stub& stub) {
  {
    const MutexLock lock(&mutex_);
    start_ = Clock::now();
  }
  stub.async()->GenerateChars(call_.context(), &request_, this);
  // The alarm starts reads outside of gRPC's reactions, so the call needs a hold.
  AddHold();
  StartRead(&response_);
  StartCall();
}

void BenchmarkStream::OnReadDone(bool ok) {
  if (!ok) return RemoveHold();
  TakeMessage();
  ReadInTime();
}

void BenchmarkStream::ReadInTime() {
  const auto now = std::chrono::system_clock::now();
  // A call that has been cancelled must be read to its end.
  const bool over = interrupt_.triggered() || now >= call_.context()->deadline();
  MutexLock lock(&mutex_);
  const auto wait = std::min<Clock::duration>(next_read_ - Clock::now(), kSliceMax);
  if (!over && wait > Clock::duration::zero()) {
    alarm_.emplace().Set(now + wait, [this](bool) { ReadInTime(); });
    return;
  }
  lock.Unlock();
  StartRead(&response_);
}

void BenchmarkStream::TakeMessage() {
  const MutexLock lock(&mutex_);
  const auto now = Clock::now();
  const auto chars = static_cast<int64_t>(CountChars(response_.text()));
  if (chars == 0) return;
  if (chars_ == 0) {
    first_ = now;
    first_char_ms_ = Milliseconds(now - start_);
  } else {
    gaps_.push_back(
        {.ms = static_cast<float>(Milliseconds(now - last_)), .chars = static_cast<float>(chars)});
  }
  last_ = now;
  ++messages_;
  chars_ += chars;
  if (chars_per_second_ <= 0) return;
  const std::chrono::duration<double> reading =
      std::min(std::chrono::duration<double>(static_cast<double>(chars_) / chars_per_second_),
               kReadingTimeMax);
  next_read_ = first_ + std::chrono::duration_cast<Clock::duration>(reading);
}

void BenchmarkStream::OnDone(const grpc::Status& status) {
  {
    const MutexLock lock(&mutex_);
    status_ = status;
  }
  left_.OneDone();
}

BenchmarkStream::Measured BenchmarkStream::measured() const {
  const MutexLock lock(&mutex_);
  return {.status = status_,
          .chars = chars_,
          .messages = messages_,
          .first_char_ms = first_char_ms_,
          .gaps = gaps_};
}

}  // namespace runnel::client
