// The threads that read texts for Score and FillBlanks. A call's work is cut into slices of a few
// milliseconds, and each slice queues the next one, first in, first out: so many texts are read at
// the same time, and none waits for another to end. Thread-safe.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_READING_POOL_H_
#define RUNNEL_SERVER_TEXT_GENERATION_READING_POOL_H_

#include <chrono>
#include <functional>

#include "absl/status/status.h"
#include "server/base/admission.h"
#include "server/base/executor.h"

namespace runnel::server {

class ReadingPool : public Admission {
 public:
  // How long the pool works on a text before it is the turn of another one.
  static constexpr std::chrono::milliseconds kSlice{2};

  // `active_max` bounds the texts under way.
  ReadingPool(int threads, int active_max);

  // RESOURCE_EXHAUSTED if the system refused to start a thread; then no slice may be scheduled.
  const absl::Status& start_status() const { return executor_.start_status(); }

  // Queues a slice of an admitted text. A text may have only one slice queued at a time.
  void Schedule(std::function<void()> slice);

 private:
  Executor executor_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_READING_POOL_H_
