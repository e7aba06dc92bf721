// One stream of `runnel benchmark`: a GenerateChars call that reads as fast as it is allowed to,
// and records when characters arrived.
#ifndef RUNNEL_CLIENT_COMMANDS_BENCHMARK_STREAM_H_
#define RUNNEL_CLIENT_COMMANDS_BENCHMARK_STREAM_H_

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/net/connection.h"
#include "core/base/mutex.h"
#include "runnel/v1/generation.grpc.pb.h"

namespace runnel::client {

// Counts the streams that have not ended yet. Thread-safe.
class StreamsLeft {
 public:
  explicit StreamsLeft(int streams) : left_(streams) {}
  void OneDone();
  void WaitForNone();

 private:
  Mutex mutex_;
  CondVar changed_;
  int left_ RUNNEL_GUARDED_BY(mutex_);
};

// Create it, call Start, and read measured() when the StreamsLeft has counted the stream as done.
// Only gRPC calls the On... functions.
class BenchmarkStream : public grpc::ClientReadReactor<v1::GenerateCharsResponse> {
 public:
  using Clock = std::chrono::steady_clock;

  // With `chars_per_second` 0, reads as fast as characters arrive; otherwise waits before each read
  // so that this rate is not exceeded. All references must live until the stream is done.
  BenchmarkStream(Connection& connection, v1::GenerateCharsRequest request, double chars_per_second,
                  StreamsLeft& left);

  void Start(v1::TextGenerationService::Stub& stub);

  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  // The time from a message with text to the next one, and the number of characters in that one.
  struct Gap {
    float ms;
    float chars;
  };
  struct Measured {
    grpc::Status status;
    int64_t chars = 0;
    int64_t messages = 0;      // with text
    double first_char_ms = 0;  // from the start; 0 if no character came
    std::vector<Gap> gaps;
  };
  Measured measured() const;

 private:
  // Records response_, and computes when the next read is due.
  void TakeMessage() RUNNEL_EXCLUDES(mutex_);
  // Starts the next read when it is due or when the command is about to end.
  void ReadInTime() RUNNEL_EXCLUDES(mutex_);

  const Interrupt& interrupt_;
  Call call_;
  const v1::GenerateCharsRequest request_;
  const double chars_per_second_;
  StreamsLeft& left_;
  v1::GenerateCharsResponse response_;
  mutable Mutex mutex_;
  // Each wait constructs a new one, because the last one may still be running its callback. (gRPC's
  // assignment leaks the old alarm.)
  std::optional<grpc::Alarm> alarm_ RUNNEL_GUARDED_BY(mutex_);
  Clock::time_point next_read_ RUNNEL_GUARDED_BY(mutex_);  // in the past: at once
  Clock::time_point start_ RUNNEL_GUARDED_BY(mutex_);
  Clock::time_point first_ RUNNEL_GUARDED_BY(mutex_);
  Clock::time_point last_ RUNNEL_GUARDED_BY(mutex_);
  int64_t chars_ RUNNEL_GUARDED_BY(mutex_) = 0;
  int64_t messages_ RUNNEL_GUARDED_BY(mutex_) = 0;
  double first_char_ms_ RUNNEL_GUARDED_BY(mutex_) = 0;
  std::vector<Gap> gaps_ RUNNEL_GUARDED_BY(mutex_);
  grpc::Status status_ RUNNEL_GUARDED_BY(mutex_);
};

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_BENCHMARK_STREAM_H_
