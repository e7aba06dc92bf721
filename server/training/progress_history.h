// A job's reports, numbered from 0, as many as there is room for.
//
// When it is full, every other plain report is dropped, those that evaluated or sampled kept as
// long as there are plain ones to drop, and that of the lowest validation loss always. A reader
// keeps the number that it wants next: it gets each later report once, whatever was dropped. Not
// thread-safe.
#ifndef RUNNEL_SERVER_TRAINING_PROGRESS_HISTORY_H_
#define RUNNEL_SERVER_TRAINING_PROGRESS_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "runnel/v1/training.pb.h"

namespace runnel::server {

class ProgressHistory {
 public:
  static constexpr size_t kReportsMax = 2000;

  struct Entry {
    uint64_t number = 0;
    v1::TrainingProgress report;
  };

  void Add(v1::TrainingProgress report);
  // The first one from `number` on that is still there; null if there is none yet.
  const Entry* From(uint64_t number) const;
  // The number that the next report will get.
  uint64_t next_number() const { return next_number_; }
  const std::vector<Entry>& entries() const { return entries_; }

  // Drops reports until at most `count` (>= 2) are left, the last one always among them.
  void ThinTo(size_t count);

 private:
  std::vector<Entry> entries_;
  // Of those added, by the lowest validation loss so far; the first of equals.
  std::optional<uint64_t> best_number_;
  float best_loss_ = 0;
  uint64_t next_number_ = 0;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_PROGRESS_HISTORY_H_
