// Keeps a bounded number of a job's reports, which are numbered from 0.
//
// A full history drops every other plain report. Reports with a validation loss or a sample stay as
// long as there are plain ones to drop, and the report with the lowest validation loss always
// stays. A reader remembers the number of the report that it wants next, and so gets each later
// report once, whatever was dropped. Not thread-safe.
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
  // Returns the first remaining report whose number is `number` or larger, or null if there is
  // none.
  const Entry* From(uint64_t number) const;
  // The number that the next report will get.
  uint64_t next_number() const { return next_number_; }
  const std::vector<Entry>& entries() const { return entries_; }

  // Drops reports until at most `count` (>= 2) are left. The last one always stays.
  void ThinTo(size_t count);

 private:
  std::vector<Entry> entries_;
  // The number of the report with the lowest validation loss so far; of equal ones, the first.
  std::optional<uint64_t> best_number_;
  float best_loss_ = 0;
  uint64_t next_number_ = 0;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_PROGRESS_HISTORY_H_
