// Tells long work that nobody wants its result any more.
//
// The caller that starts the work supplies a question, such as "was this job cancelled?". The work
// asks it between slices of a few milliseconds and, after the first yes, returns early. Its outputs
// are undefined then, so the caller checks `interrupted` before reading them.
//
// Thread-safe: all threads that share the work ask the same object, so that they agree.
#ifndef RUNNEL_CORE_BASE_INTERRUPTION_H_
#define RUNNEL_CORE_BASE_INTERRUPTION_H_

#include <atomic>
#include <functional>
#include <utility>

namespace runnel {

class Interruption {
 public:
  // Any thread may ask `question`, at any time until the work has returned.
  explicit Interruption(std::function<bool()> question) : question_(std::move(question)) {}
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // Whether to return early. After one yes the question is not asked again.
  bool Ask() {
    if (!interrupted() && question_()) interrupted_.store(true, std::memory_order_relaxed);
    return interrupted();
  }
  // Whether the answer has ever been yes; does not ask.
  bool interrupted() const { return interrupted_.load(std::memory_order_relaxed); }

 private:
  const std::function<bool()> question_;
  std::atomic<bool> interrupted_ = false;
};

// For work that may also be started with a null interruption, which means that it always finishes.
inline bool IsInterrupted(Interruption* interruption) {
  return interruption != nullptr && interruption->Ask();
}

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_INTERRUPTION_H_
