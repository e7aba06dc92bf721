#include "client/benchmark_stream.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace runnel::client {
namespace {

double Milliseconds(BenchmarkStream::Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

int64_t CountChars(const std::string& text) {
  return std::count_if(text.begin(), text.end(),
                       [](char byte) { return (static_cast<uint8_t>(byte) & 0xC0) != 0x80; });
}

}  // namespace

void StreamsLeft::OneDone() {
  const std::lock_guard lock(mutex_);
  if (--left_ == 0) changed_.notify_all();
}

void StreamsLeft::WaitForNone() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return left_ == 0; });
}

BenchmarkStream::BenchmarkStream(Connection& connection, v1::GenerateCharsRequest request,
                                 double chars_per_second, StreamsLeft& left)
    : call_(connection),
      request_(std::move(request)),
      chars_per_second_(chars_per_second),
      left_(left) {}

void BenchmarkStream::Start(v1::TextGenerationService::Stub& stub) {
  {
    const std::lock_guard lock(mutex_);
    start_ = Clock::now();
  }
  stub.async()->GenerateChars(call_.context(), &request_, this);
  AddHold();  // for the alarm, whose reads are no reactions
  StartRead(&response_);
  StartCall();
}

void BenchmarkStream::OnReadDone(bool ok) {
  if (!ok) return RemoveHold();
  const Clock::duration wait = TakeMessage();
  if (wait <= Clock::duration::zero()) return StartRead(&response_);
  alarm_.Set(std::chrono::system_clock::now() + wait, [this](bool) { StartRead(&response_); });
}

BenchmarkStream::Clock::duration BenchmarkStream::TakeMessage() {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  const int64_t chars = CountChars(response_.text());
  if (chars == 0) return Clock::duration::zero();
  if (chars_ == 0) {
    first_ = now;
    first_char_ms_ = Milliseconds(now - start_);
  } else {
    gaps_ms_.push_back(static_cast<float>(Milliseconds(now - last_)));
  }
  last_ = now;
  ++messages_;
  chars_ += chars;
  if (chars_per_second_ <= 0) return Clock::duration::zero();
  const std::chrono::duration<double> reading(static_cast<double>(chars_) / chars_per_second_);
  return first_ + std::chrono::duration_cast<Clock::duration>(reading) - now;
}

void BenchmarkStream::OnDone(const grpc::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  left_.OneDone();
}

BenchmarkStream::Measured BenchmarkStream::measured() const {
  const std::lock_guard lock(mutex_);
  return {.status = status_,
          .chars = chars_,
          .messages = messages_,
          .first_char_ms = first_char_ms_,
          .gaps_ms = gaps_ms_};
}

}  // namespace runnel::client
