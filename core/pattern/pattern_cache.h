// Patterns in use lately, so that texts of the same pattern and vocabulary share one automaton; all
// of them, kept here or by a text, share the memory for their states. Thread-safe.
#ifndef RUNNEL_CORE_PATTERN_PATTERN_CACHE_H_
#define RUNNEL_CORE_PATTERN_PATTERN_CACHE_H_

#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "core/pattern/pattern.h"

namespace runnel {

class PatternCache {
 public:
  // Patterns beyond this give way, the least recently used first; texts that use one keep it.
  static constexpr size_t kKeptMax = 32;
  // Of the states of all patterns: twice what those kept can have.
  static constexpr int64_t kStateBytesMax = 2 * kKeptMax * kPatternCacheBytesMax;

  explicit PatternCache(int64_t state_bytes_max = kStateBytesMax)
      : memory_(std::make_shared<PatternMemory>(state_bytes_max)) {}

  // As Pattern::Compile.
  absl::StatusOr<std::shared_ptr<const Pattern>> Get(const ParsedPattern& parsed,
                                                     const Vocabulary& vocabulary,
                                                     const CodePointSet& forbidden);

 private:
  struct Entry {
    std::string expression;
    Vocabulary vocabulary;
    CodePointSet forbidden;
    std::shared_ptr<const Pattern> pattern;
  };

  const std::shared_ptr<PatternMemory> memory_;
  std::mutex mutex_;
  std::list<Entry> kept_;  // most recently used first
};

}  // namespace runnel

#endif  // RUNNEL_CORE_PATTERN_PATTERN_CACHE_H_
