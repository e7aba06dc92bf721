#include "core/generate/stop_sequences.h"

#include <deque>

#include "absl/strings/str_cat.h"
#include "core/text/utf8.h"

namespace runnel {

absl::StatusOr<std::shared_ptr<const StopSequences>> StopSequences::Create(
    const std::vector<std::string>& sequences) {
  if (sequences.size() > kStopSequencesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", sequences.size(), " entries; at most ", kStopSequencesMax));
  }
  std::shared_ptr<StopSequences> stops(new StopSequences());
  size_t chars = 0;
  for (const std::string& sequence : sequences) {
    if (sequence.empty()) {
      return absl::InvalidArgumentError("has an empty sequence; none may be empty");
    }
    const auto characters = DecodeUtf8(sequence);
    if (!characters.ok()) return characters.status();
    chars += characters->size();
    if (chars > kStopCharsMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("has more than ", kStopCharsMax, " characters together"));
    }
    stops->Add(sequence, *characters);
  }
  stops->FindFallbacks();
  return std::shared_ptr<const StopSequences>(std::move(stops));
}

void StopSequences::Add(const std::string& text, const std::vector<char32_t>& characters) {
  int32_t node = 0;
  for (const char32_t character : characters) {
    int32_t child = Child(node, character);
    if (child < 0) {
      child = static_cast<int32_t>(nodes_.size());
      nodes_[node].children.emplace_back(character, child);
      nodes_.push_back({.depth = nodes_[node].depth + 1});
    }
    node = child;
  }
  if (nodes_[node].matched < 0) nodes_[node].matched = static_cast<int32_t>(texts_.size());
  texts_.push_back(text);
  chars_.push_back(static_cast<int>(characters.size()));
}

void StopSequences::FindFallbacks() {
  std::deque<int32_t> queue = {0};  // breadth first: a fallback is less deep than its node
  while (!queue.empty()) {
    const int32_t parent = queue.front();
    queue.pop_front();
    for (const auto& [character, child] : nodes_[parent].children) {
      queue.push_back(child);
      Node& node = nodes_[child];
      node.fallback = parent == 0 ? 0 : Next(nodes_[parent].fallback, character);
      if (node.matched < 0) node.matched = nodes_[node.fallback].matched;
    }
  }
}

int32_t StopSequences::Child(int32_t node, char32_t character) const {
  for (const auto& [of, child] : nodes_[node].children) {
    if (of == character) return child;
  }
  return -1;
}

StopSequences::State StopSequences::Next(State state, char32_t character) const {
  while (true) {
    const int32_t child = Child(state, character);
    if (child >= 0) return child;
    if (state == 0) return 0;
    state = nodes_[state].fallback;
  }
}

}  // namespace runnel
