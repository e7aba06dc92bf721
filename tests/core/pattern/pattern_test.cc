#include "core/pattern/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/text/utf8.h"
#include "tests/core/pattern/parsed.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

using PatternPtr = std::shared_ptr<const Pattern>;

PatternPtr Compiled(const std::string& expression, const Vocabulary& vocabulary,
                    const CodePointSet& forbidden = {}) {
  auto pattern = Pattern::Compile(Parsed(expression), vocabulary, forbidden);
  EXPECT_TRUE(pattern.ok()) << expression << ": " << pattern.status();
  return *std::move(pattern);
}

Vocabulary Letters(const std::u32string& characters) {
  return Vocabulary::FromCodePoints({characters.begin(), characters.end()}).value();
}

std::vector<int32_t> IdsOf(const std::string& text, const Vocabulary& vocabulary) {
  return vocabulary.Encode(text, Vocabulary::Unknown::kIsError).value().ids;
}

// The state after `text`; null if a symbol of it is not allowed.
Pattern::StatePtr After(const Pattern& pattern, const std::vector<int32_t>& ids) {
  Pattern::StatePtr state = pattern.Start();
  for (const int32_t id : ids) {
    if (state->allowed[id] == 0) return nullptr;
    state = pattern.Next(*state, id);
  }
  return state;
}

bool Matches(const Pattern& pattern, const std::vector<int32_t>& ids) {
  const Pattern::StatePtr state = After(pattern, ids);
  return state != nullptr && state->accepts;
}

// Returns a shortest text that continues `ids` to a match, or nothing if there is no such text.
std::optional<std::string> CompletedText(const Pattern& pattern, std::vector<int32_t> ids,
                                         const Vocabulary& vocabulary) {
  struct Item {
    Pattern::StatePtr state;
    std::vector<int32_t> ids;
  };
  std::deque<Item> queue = {{After(pattern, ids), ids}};
  std::set<std::pair<std::vector<int32_t>, bool>> seen;
  while (!queue.empty()) {
    const Item item = std::move(queue.front());
    queue.pop_front();
    if (item.state->accepts) {
      std::string text;
      for (const int32_t id : item.ids) vocabulary.AppendText(id, &text);
      return text;
    }
    if (!seen.emplace(item.state->places, item.state->accepts).second) continue;
    for (int id = 0; id < vocabulary.size(); ++id) {
      if (item.state->allowed[id] == 0) continue;
      std::vector<int32_t> longer = item.ids;
      longer.push_back(id);
      queue.push_back({pattern.Next(*item.state, id), std::move(longer)});
    }
  }
  return std::nullopt;
}

// Random expressions of the documented subset over a, b, é and a few more.
class ExpressionMaker {
 public:
  explicit ExpressionMaker(uint32_t seed) : random_(seed) {}

  std::string Make(int depth) {
    std::string expression = Concat(depth);
    while (Draw(4) == 0) expression += "|" + Concat(depth);
    return expression;
  }
  uint32_t Draw(uint32_t below) { return random_() % below; }

 private:
  std::string Concat(int depth) {
    std::string expression;
    for (uint32_t i = Draw(4); i-- > 0;) expression += Repeated(depth);
    return expression;
  }
  std::string Repeated(int depth) {
    constexpr const char* kCounts[] = {"*",    "+",     "?",      "*?", "{2}",
                                       "{1,}", "{0,2}", "{2,3}?", "{0}"};
    std::string expression = Atom(depth);
    if (Draw(3) == 0) expression += kCounts[Draw(std::size(kCounts))];
    return expression;
  }
  std::string Atom(int depth) {
    constexpr const char* kAtoms[] = {
        "a", "b", "\xC3\xA9", ".",   "[ab]",   "[^a]",        "\\d",    "\\W",      "[a-\xC3\xBF]",
        "^", "$", "\\x61",    "\\n", "(?s:.)", "[[:alpha:]]", "[^\\w]", "\\Qab\\E", "\\z"};
    if (depth > 0 && Draw(3) == 0) {
      constexpr const char* kGroups[] = {"(", "(?:", "(?s:"};
      return kGroups[Draw(std::size(kGroups))] + Make(depth - 1) + ")";
    }
    return kAtoms[Draw(std::size(kAtoms))];
  }

  std::mt19937 random_;
};

// Every text over the vocabulary of up to `length` characters.
std::vector<std::string> AllTexts(const std::vector<std::string>& characters, int length) {
  std::vector<std::string> texts = {""};
  size_t first = 0;
  for (int i = 0; i < length; ++i) {
    const size_t end = texts.size();
    for (; first < end; ++first) {
      for (const std::string& character : characters) texts.push_back(texts[first] + character);
    }
  }
  return texts;
}

const std::vector<std::string>& Characters() {
  static const auto& characters =
      *new std::vector<std::string>{"\n", "7", "a", "b", "\xC3\xA9", "\xE4\xB8\x96"};
  return characters;
}

TEST(Pattern, RandomExpressionsAndAllShortTexts_MatchAsInRe2) {
  const Vocabulary code_points = Letters(U"\n7ab\u00E9\u4E16");
  const std::vector<std::string> texts = AllTexts(Characters(), 4);
  ExpressionMaker maker(1);
  int compared = 0;
  for (int i = 0; i < 1500; ++i) {
    const std::string expression = maker.Make(2);
    const RE2 oracle(expression);
    ASSERT_TRUE(oracle.ok()) << expression;
    const PatternPtr by_code_point = Compiled(expression, code_points);
    const PatternPtr by_byte = Compiled(expression, Vocabulary::Bytes());
    for (int j = 0; j < 150; ++j) {
      const std::string& text = texts[j < 43 ? j : maker.Draw(texts.size())];
      const bool expected = RE2::FullMatch(text, oracle);
      ASSERT_EQ(Matches(*by_code_point, IdsOf(text, code_points)), expected)
          << expression << " on " << text;
      ASSERT_EQ(Matches(*by_byte, IdsOf(text, Vocabulary::Bytes())), expected)
          << expression << " on the bytes of " << text;
      compared += expected;
    }
  }
  EXPECT_GT(compared, 10000);  // not all of them refused
}

// A symbol is allowed exactly where some text over the vocabulary continues with it to a match.
TEST(Pattern, RandomExpressions_AllowWhatLeadsToAMatchAlone) {
  const Vocabulary vocabulary = Letters(U"7ab\u00E9");
  const std::vector<std::string> characters = {"7", "a", "b", "\xC3\xA9"};
  const std::vector<std::string> texts = AllTexts(characters, 5);
  ExpressionMaker maker(2);
  int allowed = 0;
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string expression = maker.Make(1);
    const RE2 oracle(expression);
    const PatternPtr pattern = Compiled(expression, vocabulary);
    std::set<std::string> prefixes;  // of matching texts
    for (const std::string& text : texts) {
      if (!RE2::FullMatch(text, oracle)) continue;
      for (size_t size = 0; size <= text.size(); ++size) prefixes.insert(text.substr(0, size));
    }
    for (const std::string& text : AllTexts(characters, 2)) {
      const Pattern::StatePtr state = After(*pattern, IdsOf(text, vocabulary));
      if (state == nullptr) {
        ASSERT_EQ(prefixes.count(text), 0u) << expression << " after " << text;
        continue;
      }
      for (int id = 0; id < vocabulary.size(); ++id) {
        std::string longer = text;
        vocabulary.AppendText(id, &longer);
        if (state->allowed[id] == 0) {
          ASSERT_EQ(prefixes.count(longer), 0u) << expression << " after " << longer;
          ++refused;
          continue;
        }
        ++allowed;
        const auto match = CompletedText(*pattern, IdsOf(longer, vocabulary), vocabulary);
        ASSERT_TRUE(match.has_value()) << expression << " after " << longer;
        ASSERT_TRUE(RE2::FullMatch(*match, oracle)) << expression << " gave " << *match;
      }
    }
  }
  EXPECT_GT(allowed, 1000);
  EXPECT_GT(refused, 1000);
}

TEST(Pattern, WhatTheVocabularyLacks_IsNoWayToAMatch) {
  const Vocabulary vocabulary = Letters(U"abc");
  const PatternPtr pattern = Compiled("ax|bc|[^a-c]", vocabulary);
  EXPECT_THAT(pattern->Start()->allowed, testing::ElementsAre(0, 1, 0));
  EXPECT_FALSE(Compiled("x+", vocabulary)->Start()->can_continue());
  EXPECT_TRUE(Compiled("x*", vocabulary)->Start()->accepts);
}

TEST(Pattern, Dates_AreDigitsAndHyphensInPlace) {
  const Vocabulary vocabulary = Letters(U"-0123456789x");
  const PatternPtr pattern = Compiled("\\d{4}-\\d{2}-\\d{2}", vocabulary);
  EXPECT_TRUE(Matches(*pattern, IdsOf("2026-01-31", vocabulary)));
  EXPECT_FALSE(Matches(*pattern, IdsOf("2026-01-3", vocabulary)));
  const Pattern::StatePtr end = After(*pattern, IdsOf("2026-01-31", vocabulary));
  EXPECT_FALSE(end->can_continue());
  EXPECT_THAT(After(*pattern, IdsOf("2026", vocabulary))->allowed,
              testing::ElementsAre(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
}

TEST(Pattern, EveryCodePointRange_IsItsBytes) {
  const Vocabulary bytes = Vocabulary::Bytes();
  std::mt19937 random(3);
  const auto draw = [&] {
    constexpr char32_t kNear[] = {0x7F, 0x7FF, 0xD7FF, 0xE000, 0xFFFF, 0x10FFFF, 0x3F, 0x1000};
    const char32_t c = random() % 2 == 0
                           ? random() % 0x110000
                           : std::min<char32_t>(kNear[random() % 8] + random() % 3, 0x10FFFF);
    return c >= 0xD800 && c <= 0xDFFF ? char32_t{0xE000} : c;
  };
  for (int i = 0; i < 300; ++i) {
    char32_t first = draw();
    char32_t last = draw();
    if (last < first) std::swap(first, last);
    const std::string expression =
        absl::StrCat("[\\x{", absl::Hex(first), "}-\\x{", absl::Hex(last), "}]");
    const PatternPtr pattern = Compiled(expression, bytes);
    std::vector<char32_t> probes = {first, last};
    if (first > 0) probes.push_back(first - 1);
    if (last < 0x10FFFF) probes.push_back(last + 1);
    for (int j = 0; j < 40; ++j) probes.push_back(draw());
    for (const char32_t probe : probes) {
      if (probe >= 0xD800 && probe <= 0xDFFF) continue;
      std::string text;
      AppendUtf8(probe, &text);
      ASSERT_EQ(Matches(*pattern, IdsOf(text, bytes)), probe >= first && probe <= last)
          << expression << " on " << DescribeChar(probe);
    }
  }
}

TEST(Pattern, ByteVocabulary_NeverAllowsHalfACharacterToBeTheEnd) {
  const PatternPtr pattern = Compiled("(?s).*", Vocabulary::Bytes());
  std::mt19937 random(4);
  std::vector<int32_t> ids;
  Pattern::StatePtr state = pattern->Start();
  Utf8Machine utf8;
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(state->accepts, utf8.AtBoundary());
    for (int byte = 0; byte < 256; ++byte) ASSERT_EQ(state->allowed[byte], utf8.Accepts(byte));
    uint8_t byte = random();
    while (!utf8.Accepts(byte)) byte = random();
    utf8.Advance(byte);
    state = pattern->Next(*state, byte);
  }
}

TEST(Pattern, ForbiddenCharacters_NeverOccur) {
  const CodePointSet forbidden = CodePointSet::Of({{U'b', U'b'}, {0xE9, 0xE9}});
  const Vocabulary vocabulary = Letters(U"abc\u00E9");
  EXPECT_THAT(Compiled(".*", vocabulary, forbidden)->Start()->allowed,
              testing::ElementsAre(1, 0, 1, 0));
  const PatternPtr bytes = Compiled("(?s).*", Vocabulary::Bytes(), forbidden);
  EXPECT_FALSE(Matches(*bytes, IdsOf("b", Vocabulary::Bytes())));
  EXPECT_FALSE(Matches(*bytes, IdsOf("\xC3\xA9", Vocabulary::Bytes())));
  EXPECT_TRUE(Matches(*bytes, IdsOf("\xC3\xA8", Vocabulary::Bytes())));
  EXPECT_NE(bytes->fingerprint(), Compiled("(?s).*", Vocabulary::Bytes())->fingerprint());
}

TEST(Pattern, ThousandsOfForbiddenCharacters_AreLeftOutButCopiedIntoNoSet) {
  std::vector<CodePointRange> ranges;
  for (char32_t c = 0x4E00; ranges.size() < 4096; c += 2) ranges.push_back({c, c});
  const CodePointSet forbidden = CodePointSet::Of(ranges);
  const std::string expression = "(?s)(" + std::string(49, '.') + "){200}";
  const PatternProgram program =
      CompilePattern(*Parsed(expression).root, VocabularyKind::kCodePoints, forbidden).value();
  ASSERT_EQ(program.sets.size(), 1u);
  EXPECT_EQ(program.sets[0], CodePointSet::All());
  EXPECT_THAT(Compiled(expression, Letters(U"a\u4E00\u4E01\u4E02"), forbidden)->Start()->allowed,
              testing::ElementsAre(1, 0, 1, 0));
}

TEST(Pattern, PlacesThatATextCouldStandAt_AreBounded) {
  EXPECT_TRUE(Pattern::Compile(Parsed(".{1000}x"), Vocabulary::Bytes()).ok());
  std::string expression = ".*.{999}";
  for (int i = 1; i < 16; ++i) expression += "|.*.{999}";
  EXPECT_THAT(std::string(Pattern::Compile(Parsed(expression), Letters(U"ab")).status().message()),
              testing::HasSubstr("15000 where a character can begin"));
}

TEST(Pattern, ManyEnds_EndNowhereBeforeACharacterThatMustCome) {
  std::string ends;
  for (int i = 0; i < 2030; ++i) ends += "$?";
  const std::string expression = "(?:" + ends + "){12}x";
  const PatternPtr pattern = Compiled(expression, Letters(U"xy"));
  EXPECT_FALSE(pattern->Start()->accepts);
  EXPECT_THAT(pattern->Start()->allowed, testing::ElementsAre(1, 0));
}

TEST(Pattern, EndAtTheStart_MayHaveABeginBehindIt) {
  const Vocabulary vocabulary = Letters(U"ab");
  EXPECT_TRUE(Compiled("$^", vocabulary)->Start()->accepts);
  EXPECT_TRUE(Compiled("($^|a)b?", vocabulary)->Start()->accepts);
  EXPECT_FALSE(Matches(*Compiled("a$^", vocabulary), IdsOf("a", vocabulary)));
  EXPECT_FALSE(Compiled("$a", vocabulary)->Start()->accepts);
}

TEST(Pattern, TooLarge_IsRefusedAndTheLargestRepetitionIsNot) {
  EXPECT_TRUE(Pattern::Compile(Parsed(".{1000}"), Vocabulary::Bytes()).ok());
  std::string several;
  for (int i = 0; i < 4; ++i) several += ".{1000}";
  EXPECT_THAT(Pattern::Compile(Parsed(several), Vocabulary::Bytes()).status().message(),
              HasSubstr("takes more than 50000 steps"));
}

TEST(Pattern, MoreStatesThanAreKept_StillMatch) {
  // Its automaton has 2^18 states.
  const Vocabulary vocabulary = Letters(U"ab");
  const std::string expression = "[ab]*a[ab]{17}";
  const PatternPtr pattern = Compiled(expression, vocabulary);
  const RE2 oracle(expression);
  std::mt19937 random(5);
  std::string text;
  Pattern::StatePtr state = pattern->Start();
  for (int i = 0; i < 60000; ++i) {
    const int32_t id = static_cast<int32_t>(random() % 2);
    ASSERT_EQ(state->allowed[id], 1);
    state = pattern->Next(*state, id);
    vocabulary.AppendText(id, &text);
    const bool expected = text.size() >= 18 && text[text.size() - 18] == 'a';
    ASSERT_EQ(state->accepts, expected);
  }
  EXPECT_LT(pattern->states_kept(), 40000);
}

TEST(Pattern, Restore_TakesAStatesPlacesAlone) {
  const Vocabulary vocabulary = Letters(U"ab");
  const PatternPtr pattern = Compiled("(ab|aab)*", vocabulary);
  const Pattern::StatePtr state = After(*pattern, IdsOf("aba", vocabulary));
  const auto restored = pattern->Restore(state->places, state->accepts);
  ASSERT_TRUE(restored.ok());
  EXPECT_EQ((*restored)->places, state->places);
  EXPECT_EQ((*restored)->allowed, state->allowed);
  for (const std::vector<int32_t>& places : std::vector<std::vector<int32_t>>{
           {-1}, {1 << 30}, {0}, {state->places[0], state->places[0]}}) {
    EXPECT_EQ(pattern->Restore(places, false).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(Pattern, ManyTextsAtATime_ShareItsStates) {
  const Vocabulary vocabulary = Letters(U"ab");
  const PatternPtr pattern = Compiled("([ab]{3}a)*", vocabulary);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      std::mt19937 random(writer);
      Pattern::StatePtr state = pattern->Start();
      for (int i = 0; i < 2000; ++i) {
        int32_t id = static_cast<int32_t>(random() % 2);
        if (state->allowed[id] == 0) id = 1 - id;
        state = pattern->Next(*state, id);
        ASSERT_EQ(state->accepts, i % 4 == 3);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
}

}  // namespace
}  // namespace runnel
