// Finds, character by character, the stop sequences that end a text, with the automaton of Aho and
// Corasick ("Efficient String Matching", 1975). Immutable once made, shareable between threads.
#ifndef RUNNEL_CORE_GENERATE_STOP_SEQUENCES_H_
#define RUNNEL_CORE_GENERATE_STOP_SEQUENCES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace runnel {

inline constexpr int kStopSequencesMax = 64;
inline constexpr int kStopCharsMax = 4096;  // of all sequences together

class StopSequences {
 public:
  // INVALID_ARGUMENT if there are too many or too long ones, or one is empty or not valid UTF-8.
  static absl::StatusOr<std::shared_ptr<const StopSequences>> Create(
      const std::vector<std::string>& sequences);

  // A node of the automaton. It stands for the longest end of the text so far that begins a
  // sequence; 0 if none does.
  using State = int32_t;
  State Next(State state, char32_t character) const;
  // The number of characters in that end.
  int chars(State state) const { return nodes_[state].depth; }
  // The sequence that the text ends with, the longest if there are several; -1 if there is none.
  int matched(State state) const { return nodes_[state].matched; }

  const std::string& text(int sequence) const { return texts_[sequence]; }
  int chars_of(int sequence) const { return chars_[sequence]; }

 private:
  struct Node {
    int32_t depth = 0;
    int32_t fallback = 0;  // the node of the longest proper end that begins a sequence
    int32_t matched = -1;
    std::vector<std::pair<char32_t, int32_t>> children;
  };

  StopSequences() : nodes_(1) {}
  int32_t Child(int32_t node, char32_t character) const;  // -1: none
  void Add(const std::string& text, const std::vector<char32_t>& characters);
  void FindFallbacks();

  std::vector<Node> nodes_;
  std::vector<std::string> texts_;
  std::vector<int> chars_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_STOP_SEQUENCES_H_
