#include "core/generate/logit_bias.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>

namespace runnel {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(CompletingId, CodePoints_AreThemselves) {
  const Vocabulary vocabulary = Vocabulary::FromCodePoints({U'a', U'\u00E9'}).value();
  EXPECT_EQ(CompletingId(vocabulary, "", U'\u00E9'), 1);
  EXPECT_EQ(CompletingId(vocabulary, "", U'z'), std::nullopt);
}

TEST(CompletingId, Bytes_AreTheLastBehindTheOthers) {
  const Vocabulary bytes = Vocabulary::Bytes();
  EXPECT_EQ(CompletingId(bytes, "", U'a'), 'a');
  EXPECT_EQ(CompletingId(bytes, "", U'\u00E9'), std::nullopt);
  EXPECT_EQ(CompletingId(bytes, "\xC3", U'\u00E9'), 0xA9);
  EXPECT_EQ(CompletingId(bytes, "\xC2", U'\u00E9'), std::nullopt);
  EXPECT_EQ(CompletingId(bytes, "\xE4", U'\u4E16'), std::nullopt);
  EXPECT_EQ(CompletingId(bytes, "\xE4\xB8", U'\u4E16'), 0x96);
  EXPECT_EQ(CompletingId(bytes, "\xC3", U'a'), std::nullopt);
}

TEST(OffsetsOf, Bytes_AreListedByTheBytesBeforeTheLast) {
  const std::vector<LogitBias::Entry> entries = {
      {U'a', 1}, {U'\u00E9', 2}, {U'b', 3}, {U'\u4E16', 4}, {U'\u00E8', 5}};
  const OffsetsByPartial offsets = OffsetsOf(entries, Vocabulary::Bytes());
  const auto at = [&](const char* partial) {
    std::vector<std::pair<int32_t, double>> list;
    for (const auto& [id, nats] : offsets.at(partial)) list.emplace_back(id, nats);
    return list;
  };
  EXPECT_EQ(offsets.size(), 3u);
  EXPECT_THAT(at(""), ElementsAre(Pair('a', 1), Pair('b', 3)));
  EXPECT_THAT(at("\xC3"), ElementsAre(Pair(0xA9, 2), Pair(0xA8, 5)));
  EXPECT_THAT(at("\xE4\xB8"), ElementsAre(Pair(0x96, 4)));
}

TEST(OffsetsOf, CodePoints_AreAllListedByNothing) {
  const Vocabulary vocabulary = Vocabulary::FromCodePoints({U'a', U'\u00E9'}).value();
  const OffsetsByPartial offsets = OffsetsOf({{U'\u00E9', 2}, {U'z', 3}, {U'a', 1}}, vocabulary);
  ASSERT_EQ(offsets.size(), 1u);
  ASSERT_EQ(offsets.at("").size(), 2u);
  EXPECT_EQ(offsets.at("")[0].id, 1);
  EXPECT_EQ(offsets.at("")[1].nats, 1);
}

TEST(RecentChars, Offsets_AreOfTheDistinctAmongTheLast64) {
  const Vocabulary vocabulary =
      Vocabulary::FromCodePoints({U'a', U'b', U'c', U'd', U'e', U'f', U'g', U'h'}).value();
  std::mt19937 random(1);
  RecentChars recent;
  std::deque<char32_t> oracle;
  for (int i = 0; i < 2000; ++i) {
    // Now and then a long run, so that others drop out.
    const char32_t c = U'a' + (i / 100 % 2 == 0 ? random() % 8 : 0);
    recent.Add(c);
    oracle.push_back(c);
    if (oracle.size() > 64) oracle.pop_front();
    ASSERT_EQ(recent.List(), std::vector<char32_t>(oracle.begin(), oracle.end()));
    std::vector<LogitOffset> offsets;
    recent.AppendOffsets(vocabulary, "", -0.5, &offsets);
    std::set<int32_t> ids;
    for (const LogitOffset& offset : offsets) {
      ASSERT_EQ(offset.nats, -0.5);
      ASSERT_TRUE(ids.insert(offset.id).second);
    }
    std::set<int32_t> expected;
    for (const char32_t o : oracle) expected.insert(static_cast<int32_t>(o - U'a'));
    ASSERT_EQ(ids, expected);
  }
}

}  // namespace
}  // namespace runnel
