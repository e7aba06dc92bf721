#include "core/pattern/pattern_cache.h"

#include <utility>

namespace runnel {

absl::StatusOr<std::shared_ptr<const Pattern>> PatternCache::Get(const ParsedPattern& parsed,
                                                                 const Vocabulary& vocabulary,
                                                                 const CodePointSet& forbidden) {
  {
    const MutexLock lock(&mutex_);
    for (auto entry = kept_.begin(); entry != kept_.end(); ++entry) {
      if (entry->expression != parsed.expression || entry->forbidden != forbidden ||
          entry->vocabulary != vocabulary) {
        continue;
      }
      kept_.splice(kept_.begin(), kept_, entry);
      return entry->pattern;
    }
  }
  // The lock is not held, because compiling a large pattern takes a while. At worst two threads
  // compile the same one.
  auto pattern = Pattern::Compile(parsed, vocabulary, forbidden, memory_);
  if (!pattern.ok()) return pattern.status();
  const MutexLock lock(&mutex_);
  kept_.push_front({parsed.expression, vocabulary, forbidden, *pattern});
  if (kept_.size() > kKeptMax) kept_.pop_back();
  return *std::move(pattern);
}

}  // namespace runnel
