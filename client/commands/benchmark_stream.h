// One stream of `runnel benchmark`: a GenerateChars call that reads as fast as it may and notes
// when characters came.
#ifndef RUNNEL_CLIENT_COMMANDS_BENCHMARK_STREAM_H_
#define RUNNEL_CLIENT_COMMANDS_BENCHMARK_STREAM_H_

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "client/net/connection.h"
#include "runnel/v1/generation.grpc.pb.h"

namespace runnel::client {

// Counts streams down to their last. Thread-safe.
class StreamsLeft {
 public:
  explicit StreamsLeft(int streams) : left_(streams) {}
  void OneDone();
  void WaitForNone();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int left_;
};

// The reactions are gRPC's to call; what is measured is whole once the stream is done.
class BenchmarkStream : public grpc::ClientReadReactor<v1::GenerateCharsResponse> {
 public:
  using Clock = std::chrono::steady_clock;

  // `chars_per_second` 0: reads as fast as characters come; else asks for the next message only
  // when its turn has come. All references must live until the stream is done.
  BenchmarkStream(Connection& connection, v1::GenerateCharsRequest request, double chars_per_second,
                  StreamsLeft& left);

  void Start(v1::TextGenerationService::Stub& stub);

  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  // From a message with text to the next, which brought so many characters.
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
  // Notes what response_ brought, and when the next read is due.
  void TakeMessage();
  // Asks for the next message when it is due, or the command is to end.
  void ReadInTime();

  const Interrupt& interrupt_;
  Call call_;
  const v1::GenerateCharsRequest request_;
  const double chars_per_second_;
  StreamsLeft& left_;
  v1::GenerateCharsResponse response_;
  mutable std::mutex mutex_;  // orders what follows for its reader, as gRPC does
  // Made anew for each wait, as the last one may be calling. (gRPC's assignment leaks the old.)
  std::optional<grpc::Alarm> alarm_;
  Clock::time_point next_read_;  // in the past: at once
  Clock::time_point start_;
  Clock::time_point first_;
  Clock::time_point last_;
  int64_t chars_ = 0;
  int64_t messages_ = 0;
  double first_char_ms_ = 0;
  std::vector<Gap> gaps_;
  grpc::Status status_;
};

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_BENCHMARK_STREAM_H_
