#include "core/generate/stop_sequences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/generate/text_gate.h"
#include "core/text/utf8.h"

namespace runnel {
namespace {

std::shared_ptr<const StopSequences> Stops(const std::vector<std::string>& sequences) {
  return StopSequences::Create(sequences).value();
}

struct Ended {
  std::string text;
  std::string matched;
  bool operator==(const Ended&) const = default;
};

// Applies the definition: the text ends before the first sequence that is complete (the longest, if
// several are complete at once). Characters that may still begin a sequence are held back.
Ended Oracle(const std::string& text, const std::vector<std::string>& sequences, bool include) {
  for (size_t end = 1; end <= text.size(); ++end) {
    std::string longest;
    for (const std::string& sequence : sequences) {
      if (sequence.size() > longest.size() && sequence.size() <= end &&
          text.compare(end - sequence.size(), sequence.size(), sequence) == 0) {
        longest = sequence;
      }
    }
    if (!longest.empty()) return {text.substr(0, include ? end : end - longest.size()), longest};
  }
  size_t held = 0;
  for (const std::string& sequence : sequences) {
    for (size_t size = 1; size < sequence.size() && size <= text.size(); ++size) {
      if (text.compare(text.size() - size, size, sequence, 0, size) == 0)
        held = std::max(held, size);
    }
  }
  return {text.substr(0, text.size() - held), ""};
}

Ended Through(TextGate* gate, const std::string& text) {
  Ended ended;
  const std::vector<char32_t> characters = DecodeUtf8(text).value();
  for (const char32_t character : characters) {
    if (gate->Push({.character = character}, &ended.text)) break;
  }
  ended.matched = gate->matched_stop();
  return ended;
}

TEST(StopSequences, RandomTexts_EndAsByDefinition) {
  std::mt19937 random(1);
  const auto make = [&](uint32_t size_max) {
    std::string text;
    for (uint32_t i = 1 + random() % size_max; i-- > 0;) text += "aab"[random() % 3];
    return text;
  };
  int matches = 0;
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::string> sequences;
    for (uint32_t j = 1 + random() % 4; j-- > 0;) sequences.push_back(make(6));
    const std::string text = make(12);
    const bool include = random() % 2 == 0;
    const Ended expected = Oracle(text, sequences, include);
    TextGate gate(Stops(sequences), include, /*keep_logprobs=*/false);
    Ended ended = Through(&gate, text);
    ASSERT_EQ(ended, expected) << text << " with " << sequences[0] << " of " << sequences.size();
    if (!ended.matched.empty()) {
      ++matches;
      ASSERT_TRUE(gate.held().empty());
    } else {
      gate.Flush(&ended.text);
      ASSERT_EQ(ended.text, text);
    }
  }
  EXPECT_GT(matches, 5000);
}

TEST(StopSequences, SameSequenceTwice_IsTheFirst) {
  TextGate gate(Stops({"ab", "ab"}), false, false);
  EXPECT_EQ(Through(&gate, "xab"), (Ended{"x", "ab"}));
}

TEST(StopSequences, ManyBytesACharacter_AreOneCharacter) {
  const auto stops = Stops({"\xC3\xA9\xE4\xB8\x96"});
  EXPECT_EQ(stops->chars_of(0), 2);
  TextGate gate(stops, false, false);
  EXPECT_EQ(Through(&gate, "a\xC3\xA9"), (Ended{"a", ""}));
  EXPECT_EQ(gate.held().size(), 1u);
}

TEST(StopSequences, OutOfBounds_AreRefused) {
  const auto message = [](const std::vector<std::string>& sequences) {
    return std::string(StopSequences::Create(sequences).status().message());
  };
  EXPECT_EQ(message({"a", ""}), "has an empty sequence; none may be empty");
  EXPECT_EQ(message(std::vector<std::string>(65, "a")), "has 65 entries; at most 64");
  EXPECT_EQ(message({std::string(4000, 'a'), std::string(97, 'b')}),
            "has more than 4096 characters together");
  EXPECT_EQ(message({std::string(4096, 'a')}), "");
  EXPECT_NE(message({"\xFF"}), "");
}

TEST(TextGate, CharsAndLogprobs_AreOfWhatIsLetOut) {
  TextGate gate(Stops({"bcd"}), /*include_stop=*/false, /*keep_logprobs=*/true);
  std::string text;
  gate.Push({.character = U'a', .logprob = -1}, &text);
  gate.Push({.character = U'b', .logprob = -2}, &text);
  EXPECT_EQ(text, "a");
  EXPECT_EQ(gate.chars(), 1);
  EXPECT_EQ(gate.logprob(), -1);
  gate.Push({.character = U'a', .logprob = -4}, &text);
  EXPECT_EQ(text, "aba");
  EXPECT_EQ(gate.logprob(), -7);
  const std::vector<CharLogprob> logprobs = gate.TakeLogprobs();
  ASSERT_EQ(logprobs.size(), 3u);
  EXPECT_EQ(logprobs[1].character, U'b');
  EXPECT_EQ(logprobs[1].logprob, -2);
  EXPECT_TRUE(gate.TakeLogprobs().empty());
  for (const char32_t c : {U'b', U'c'}) EXPECT_FALSE(gate.Push({.character = c}, &text));
  EXPECT_TRUE(gate.Push({.character = U'd'}, &text));
  EXPECT_EQ(text, "aba");
  EXPECT_EQ(gate.chars(), 3);
}

}  // namespace
}  // namespace runnel
