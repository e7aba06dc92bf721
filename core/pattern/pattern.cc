#include "core/pattern/pattern.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "core/base/hash.h"

namespace runnel {
namespace {

using Op = PatternInstruction::Op;

// What a state takes besides its vectors' elements.
constexpr int64_t kStateOverheadBytes = 256;

uint64_t FingerprintOf(absl::string_view expression, const Vocabulary& vocabulary,
                       const CodePointSet& forbidden) {
  Fingerprint fingerprint;
  fingerprint.AddText(expression);
  for (const CodePointRange& range : forbidden.ranges()) {
    fingerprint.Add(range.first);
    fingerprint.Add(range.last);
  }
  fingerprint.AddText(vocabulary.kind() == VocabularyKind::kBytes ? "bytes" : "code points");
  for (int id = 0; id < vocabulary.size(); ++id) fingerprint.Add(vocabulary.Symbol(id));
  return fingerprint.value();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Pattern>> Pattern::Compile(
    const ParsedPattern& parsed, const Vocabulary& vocabulary, const CodePointSet& forbidden,
    std::shared_ptr<PatternMemory> memory) {
  auto program = CompilePattern(*parsed.root, vocabulary.kind(), forbidden);
  if (!program.ok()) return program.status();
  const uint64_t fingerprint = FingerprintOf(parsed.expression, vocabulary, forbidden);
  return std::shared_ptr<const Pattern>(
      new Pattern(*std::move(program), vocabulary, forbidden, fingerprint, std::move(memory)));
}

Pattern::Pattern(PatternProgram program, const Vocabulary& vocabulary,
                 const CodePointSet& forbidden, uint64_t fingerprint,
                 std::shared_ptr<PatternMemory> memory)
    : instructions_(std::move(program.instructions)),
      fingerprint_(fingerprint),
      memory_(std::move(memory)),
      visited_(instructions_.size()) {
  ClassifySymbols(program.sets, vocabulary, forbidden);
  FindLivePlaces();
  const MutexLock lock(&mutex_);
  ++round_;
  const bool accepts = Close(program.start, /*at_start=*/true);
  std::sort(scratch_places_.begin(), scratch_places_.end());
  start_ = FindOrMake({scratch_places_, accepts});
}

Pattern::~Pattern() {
  if (memory_ != nullptr) memory_->GiveBack(kept_bytes_);
}

// Splits the classes by one set after the other.
void Pattern::ClassifySymbols(const std::vector<CodePointSet>& sets, const Vocabulary& vocabulary,
                              const CodePointSet& forbidden) {
  // If the symbols are bytes, the sets already lack the forbidden characters.
  std::vector<bool> is_forbidden(vocabulary.size());
  if (vocabulary.kind() == VocabularyKind::kCodePoints) {
    for (int id = 0; id < vocabulary.size(); ++id) {
      is_forbidden[id] = forbidden.Contains(vocabulary.Symbol(id));
    }
  }
  class_of_.assign(vocabulary.size(), 0);
  classes_ = 1;
  const auto for_each_member = [&](const CodePointSet& set, const auto& visit) {
    for (const CodePointRange& range : set.ranges()) {
      for (int32_t id = vocabulary.LowerBound(range.first);
           id < vocabulary.size() && vocabulary.Symbol(id) <= range.last; ++id) {
        if (!is_forbidden[id]) visit(id);
      }
    }
  };
  for (const CodePointSet& set : sets) {
    std::unordered_map<int32_t, int32_t> inside;  // old class -> that of its members in the set
    for_each_member(set, [&](int32_t id) {
      const auto [found, is_new] = inside.try_emplace(class_of_[id], classes_);
      if (is_new) ++classes_;
      class_of_[id] = found->second;
    });
  }
  // Number them without gaps: a class all of whose members moved on is empty.
  std::vector<int32_t> number(classes_, -1);
  classes_ = 0;
  for (int32_t& of : class_of_) {
    if (number[of] < 0) number[of] = classes_++;
    of = number[of];
  }
  set_holds_.assign(sets.size(), std::vector<bool>(classes_));
  for (size_t set = 0; set < sets.size(); ++set) {
    for_each_member(sets[set], [&](int32_t id) { set_holds_[set][class_of_[id]] = true; });
  }
}

// From the match backwards.
void Pattern::FindLivePlaces() {
  const auto size = static_cast<int32_t>(instructions_.size());
  std::vector<std::vector<int32_t>> before(size);
  for (int32_t i = 0; i < size; ++i) {
    if (instructions_[i].op == Op::kMatch) continue;
    before[instructions_[i].out].push_back(i);
    if (instructions_[i].op == Op::kSplit) before[instructions_[i].other].push_back(i);
  }
  std::vector<bool> takes_some(set_holds_.size());
  for (size_t set = 0; set < set_holds_.size(); ++set) {
    const std::vector<bool>& holds = set_holds_[set];
    takes_some[set] = std::find(holds.begin(), holds.end(), true) != holds.end();
  }
  const auto spread = [&](std::vector<int32_t> found, std::vector<bool>* marks,
                          const auto& passes) {
    while (!found.empty()) {
      const int32_t place = found.back();
      found.pop_back();
      if ((*marks)[place]) continue;
      (*marks)[place] = true;
      for (const int32_t earlier : before[place]) {
        if (passes(instructions_[earlier])) found.push_back(earlier);
      }
    }
  };
  std::vector<int32_t> matches;
  for (int32_t i = 0; i < size; ++i) {
    if (instructions_[i].op == Op::kMatch) matches.push_back(i);
  }
  ends_at_start_.assign(size, false);
  spread(matches, &ends_at_start_,
         [](const PatternInstruction& instruction) { return instruction.op != Op::kSet; });
  ends_.assign(size, false);
  spread(matches, &ends_, [](const PatternInstruction& instruction) {
    return instruction.op == Op::kSplit || instruction.op == Op::kEnd;
  });
  for (int32_t i = 0; i < size; ++i) {
    if (instructions_[i].op == Op::kEnd && ends_[i]) matches.push_back(i);
  }
  live_.assign(size, false);
  spread(matches, &live_, [&](const PatternInstruction& instruction) {
    return instruction.op == Op::kSplit ||
           (instruction.op == Op::kSet && takes_some[instruction.set]);
  });
}

bool Pattern::Close(int32_t from, bool at_start) const {
  bool accepts = false;
  scratch_stack_.assign(1, from);
  while (!scratch_stack_.empty()) {
    const int32_t place = scratch_stack_.back();
    scratch_stack_.pop_back();
    if (visited_[place] == round_) continue;
    visited_[place] = round_;
    const PatternInstruction& instruction = instructions_[place];
    switch (instruction.op) {
      case Op::kSet:
        if (live_[place]) scratch_places_.push_back(place);
        break;
      case Op::kSplit:
        scratch_stack_.push_back(instruction.other);
        scratch_stack_.push_back(instruction.out);
        break;
      case Op::kBegin:
        if (at_start) scratch_stack_.push_back(instruction.out);
        break;
      case Op::kEnd:
        if ((at_start ? ends_at_start_ : ends_)[instruction.out]) accepts = true;
        break;
      case Op::kMatch:
        accepts = true;
        break;
    }
  }
  return accepts;
}

Pattern::StatePtr Pattern::Next(const State& state, int32_t symbol) const {
  const int32_t symbol_class = class_of_[symbol];
  const MutexLock lock(&mutex_);
  if (!state.next.empty() && state.next[symbol_class] != nullptr) {
    return StatePtr(std::shared_ptr<void>(), state.next[symbol_class]);
  }
  ++round_;
  scratch_places_.clear();
  bool accepts = false;
  for (const int32_t place : state.places) {
    const PatternInstruction& instruction = instructions_[place];
    if (!set_holds_[instruction.set][symbol_class]) continue;
    if (Close(instruction.out, /*at_start=*/false)) accepts = true;
  }
  std::sort(scratch_places_.begin(), scratch_places_.end());
  StatePtr next = FindOrMake({scratch_places_, accepts});
  if (!state.next.empty() && !next->next.empty()) state.next[symbol_class] = next.get();
  return next;
}

Pattern::StatePtr Pattern::FindOrMake(Key key) const {
  if (const auto found = kept_.find(key); found != kept_.end()) {
    return StatePtr(std::shared_ptr<void>(), &found->second);
  }
  State state;
  state.places = key.first;
  state.accepts = key.second;
  std::vector<bool> sets(set_holds_.size());
  std::vector<bool> classes(classes_);
  for (const int32_t place : state.places) {
    const int32_t set = instructions_[place].set;
    if (sets[set]) continue;
    sets[set] = true;
    for (int32_t i = 0; i < classes_; ++i) {
      if (set_holds_[set][i]) classes[i] = true;
    }
  }
  state.allowed.resize(class_of_.size());
  for (size_t id = 0; id < class_of_.size(); ++id) state.allowed[id] = classes[class_of_[id]];

  const auto bytes = static_cast<int64_t>(2 * sizeof(int32_t) * state.places.size() +
                                          state.allowed.size() + sizeof(void*) * classes_) +
                     kStateOverheadBytes;
  if (!TakeRoom(bytes)) return std::make_shared<const State>(std::move(state));
  state.next.resize(classes_);
  const State& kept = kept_.emplace(std::move(key), std::move(state)).first->second;
  // Owns nothing: a kept state lives as long as the pattern.
  return StatePtr(std::shared_ptr<void>(), &kept);
}

bool Pattern::TakeRoom(int64_t bytes) const {
  if (kept_bytes_ + bytes > kPatternCacheBytesMax) return false;
  if (memory_ != nullptr && !memory_->Take(bytes)) return false;
  kept_bytes_ += bytes;
  return true;
}

absl::StatusOr<Pattern::StatePtr> Pattern::Restore(std::vector<int32_t> places,
                                                   bool accepts) const {
  int32_t last = -1;
  for (const int32_t place : places) {
    if (place <= last || place >= static_cast<int32_t>(instructions_.size()) ||
        instructions_[place].op != Op::kSet || !instructions_[place].begins_char || !live_[place]) {
      return absl::InvalidArgumentError("is at a place that this pattern does not have");
    }
    last = place;
  }
  const MutexLock lock(&mutex_);
  return FindOrMake({std::move(places), accepts});
}

int64_t Pattern::states_kept() const {
  const MutexLock lock(&mutex_);
  return static_cast<int64_t>(kept_.size());
}

}  // namespace runnel
