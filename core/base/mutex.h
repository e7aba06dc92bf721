// A mutex that the compiler understands: clang checks, at compile time (-Wthread-safety), that a
// member marked RUNNEL_GUARDED_BY is only used while its mutex is held. Other compilers ignore the
// marks.
//
//   class Counter {
//    public:
//     void Add() {
//       const MutexLock lock(&mutex_);
//       ++count_;
//       changed_.NotifyAll();
//     }
//     void WaitFor(int count) {
//       const MutexLock lock(&mutex_);
//       while (count_ < count) changed_.Wait(&mutex_);
//     }
//
//    private:
//     void Reset() RUNNEL_REQUIRES(mutex_);  // The caller holds the mutex.
//
//     Mutex mutex_;
//     CondVar changed_;
//     int count_ RUNNEL_GUARDED_BY(mutex_) = 0;
//   };
//
// Wait in a loop, not with a lambda: clang does not know that a lambda runs under the mutex. Where
// a lambda is needed, its first line is `mutex_.AssertHeld();`. A std::mutex does the work, because
// ThreadSanitizer does not see inside Abseil's mutex.
#ifndef RUNNEL_CORE_BASE_MUTEX_H_
#define RUNNEL_CORE_BASE_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#ifdef __clang__
#define RUNNEL_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define RUNNEL_THREAD_ATTRIBUTE(x)
#endif

// A member that is only read and written while the mutex is held.
#define RUNNEL_GUARDED_BY(mutex) RUNNEL_THREAD_ATTRIBUTE(guarded_by(mutex))
// A pointer whose target is only read and written while the mutex is held.
#define RUNNEL_PT_GUARDED_BY(mutex) RUNNEL_THREAD_ATTRIBUTE(pt_guarded_by(mutex))
// A function whose caller holds the mutex, or does not hold it.
#define RUNNEL_REQUIRES(...) RUNNEL_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define RUNNEL_EXCLUDES(...) RUNNEL_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
// A function that takes the mutex, or lets it go.
#define RUNNEL_ACQUIRE(...) RUNNEL_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RUNNEL_TRY_ACQUIRE(...) RUNNEL_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define RUNNEL_RELEASE(...) RUNNEL_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define RUNNEL_RETURN_CAPABILITY(mutex) RUNNEL_THREAD_ATTRIBUTE(lock_returned(mutex))
// A function that the analysis cannot follow. Say why where it is used.
#define RUNNEL_NO_THREAD_SAFETY_ANALYSIS RUNNEL_THREAD_ATTRIBUTE(no_thread_safety_analysis)

namespace runnel {

class RUNNEL_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void Lock() RUNNEL_ACQUIRE() { mutex_.lock(); }
  bool TryLock() RUNNEL_TRY_ACQUIRE(true) { return mutex_.try_lock(); }
  void Unlock() RUNNEL_RELEASE() { mutex_.unlock(); }
  // Tells clang that the mutex is held, where it cannot see this. Does nothing at run time.
  void AssertHeld() const RUNNEL_THREAD_ATTRIBUTE(assert_capability(this)) {}

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds a mutex to the end of the scope. Unlock and Lock interrupt that.
class RUNNEL_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) RUNNEL_ACQUIRE(mutex) : mutex_(*mutex) { mutex_.Lock(); }
  ~MutexLock() RUNNEL_RELEASE() {
    if (held_) mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Unlock() RUNNEL_RELEASE() {
    mutex_.Unlock();
    held_ = false;
  }
  void Lock() RUNNEL_ACQUIRE() {
    mutex_.Lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

// A condition variable for a Mutex. Every wait can end without cause: wait in a loop.
class CondVar {
 public:
  void Wait(Mutex* mutex) RUNNEL_REQUIRES(mutex) {
    std::unique_lock lock(mutex->mutex_, std::adopt_lock);
    changed_.wait(lock);
    lock.release();
  }
  // False if `end` was reached first.
  template <typename Clock, typename Duration>
  bool WaitUntil(Mutex* mutex, std::chrono::time_point<Clock, Duration> end)
      RUNNEL_REQUIRES(mutex) {
    std::unique_lock lock(mutex->mutex_, std::adopt_lock);
    const bool notified = changed_.wait_until(lock, end) == std::cv_status::no_timeout;
    lock.release();
    return notified;
  }
  void NotifyOne() { changed_.notify_one(); }
  void NotifyAll() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_MUTEX_H_
