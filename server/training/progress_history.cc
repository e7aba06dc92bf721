#include "server/training/progress_history.h"

#include <algorithm>
#include <utility>

namespace runnel::server {
namespace {

bool IsPlain(const v1::TrainingProgress& report) {
  return !report.has_validation_loss() && report.sample_text().empty();
}

}  // namespace

void ProgressHistory::Add(v1::TrainingProgress report) {
  if (entries_.size() == kReportsMax) ThinTo(kReportsMax - 1);
  if (report.has_validation_loss() && (!best_number_ || report.validation_loss() < best_loss_)) {
    best_number_ = next_number_;
    best_loss_ = report.validation_loss();
  }
  entries_.push_back({next_number_++, std::move(report)});
}

const ProgressHistory::Entry* ProgressHistory::From(uint64_t number) const {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), number,
                       [](const Entry& entry, uint64_t wanted) { return entry.number < wanted; });
  return found == entries_.end() ? nullptr : &*found;
}

void ProgressHistory::ThinTo(size_t count) {
  while (entries_.size() > count) {
    const auto droppable_end = entries_.end() - 1;
    const auto plain = std::count_if(entries_.begin(), droppable_end,
                                     [](const Entry& entry) { return IsPlain(entry.report); });
    bool keep = true;  // alternates over the candidates and begins with a drop, so a lone candidate
                       // is dropped
    const auto kept_end = std::remove_if(entries_.begin(), droppable_end, [&](const Entry& entry) {
      if ((plain > 0 && !IsPlain(entry.report)) || entry.number == best_number_) return false;
      keep = !keep;
      return !keep;
    });
    entries_.erase(kept_end, droppable_end);
  }
}

}  // namespace runnel::server
