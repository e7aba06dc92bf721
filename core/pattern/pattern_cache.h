// Keeps the patterns that were used most recently, so that texts with the same pattern and
// vocabulary share one automaton. All patterns, whether kept here or only by a text, share a bound
// on the memory for their states. Thread-safe.
#ifndef RUNNEL_CORE_PATTERN_PATTERN_CACHE_H_
#define RUNNEL_CORE_PATTERN_PATTERN_CACHE_H_

#include <list>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "core/pattern/pattern.h"

namespace runnel {

class PatternCache {
 public:
  // The most patterns that are kept. The least recently used one is dropped first; texts that use
  // it keep it.
  static constexpr size_t kKeptMax = 32;
  // The memory for the states of all patterns. It is twice what the kept patterns can take, because
  // texts also hold patterns that are no longer kept.
  static constexpr int64_t kStateBytesMax = 2 * kKeptMax * kPatternCacheBytesMax;

  explicit PatternCache(int64_t state_bytes_max = kStateBytesMax)
      : memory_(std::make_shared<PatternMemory>(state_bytes_max)) {}

  // Returns a pattern that is kept, or compiles it; errors as for Pattern::Compile.
  absl::StatusOr<std::shared_ptr<const Pattern>> Get(const ParsedPattern& parsed,
                                                     const Vocabulary& vocabulary,
                                                     const CodePointSet& forbidden)
      RUNNEL_EXCLUDES(mutex_);

 private:
  struct Entry {
    std::string expression;
    Vocabulary vocabulary;
    CodePointSet forbidden;
    std::shared_ptr<const Pattern> pattern;
  };

  const std::shared_ptr<PatternMemory> memory_;
  Mutex mutex_;
  std::list<Entry> kept_ RUNNEL_GUARDED_BY(mutex_);  // most recently used first
};

}  // namespace runnel

#endif  // RUNNEL_CORE_PATTERN_PATTERN_CACHE_H_
