#include "core/model/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/testing/sanitizer.h"

namespace runnel {
namespace {

using testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  return std::string(ParseJsonObject(text, "the text").status().message());
}

TEST(Json, ValuesOfEveryKind_AreThoseOfTheLibrary) {
  const std::string text =
      R"({"a": [1, -2, 2.5, "b", true, false, null, {}, []], "c": {"d": {"e": [[1], [2, {"f": 3}]]}},
          "g": 18446744073709551615, "h": "\u00e9\n"})";
  const absl::StatusOr<Json> json = ParseJsonObject(text, "the text");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(*json, Json::parse(text));
  EXPECT_EQ(ParseJsonObject("{}", "the text").value(), Json::object());
}

TEST(Json, OtherTexts_AreRefused) {
  for (const char* text : {"", "x", "[]", "null", "1", "{", "{\"a\"}", "{} {}", "{\"a\":1,}",
                           "{\"a\":\"\xFF\"}", "{\"a\":1e999}"}) {
    EXPECT_EQ(ErrorOf(text), "the text is not a JSON object") << text;
  }
}

TEST(Json, Bounds_AreNamed) {
  EXPECT_EQ(ErrorOf("{\"a\":" + std::string(64, '[')), "the text is nested more than 64 deep");
  EXPECT_EQ(ErrorOf("{\"" + std::string(1001, 'a') + "\":1}"),
            "the text has a member whose name has 1001 bytes; at most 1000 are taken");
  EXPECT_EQ(ErrorOf("{\"a\":1,\"a\":2}"), "the text names a member twice");
  EXPECT_TRUE(ParseJsonObject("{\"a\":{\"b\":1},\"b\":{\"a\":1}}", "the text").ok());
}

// Generous, because a sanitizer makes the parser many times slower.
constexpr std::chrono::seconds kSoon(kSanitizer ? 200 : 20);

// Each of these texts took seconds, or many times its own memory.
TEST(Json, TextsMadeToTakeLong_AreRefusedSoon) {
  const size_t bytes = 8u << 20;
  std::string numbers = "{\"a\":[1";
  while (numbers.size() < bytes) numbers += ",1";
  std::string objects = "{\"a\":[{}";
  while (objects.size() < bytes) objects += ",{}";
  std::string members = "{\"\":1";
  for (int i = 0; members.size() < bytes; ++i) members += ",\"" + std::to_string(i) + "\":1";
  const auto start = std::chrono::steady_clock::now();
  for (const std::string& text : {numbers, objects, members}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("holds more than"));
  }
  EXPECT_EQ(ErrorOf("{\"a\":" + std::string(bytes, '[')), "the text is nested more than 64 deep");
  ErrorOf("{\"a\":" + std::string(bytes, '9') + "}");
  ErrorOf("{\"a\":\"" + std::string(bytes, 'a'));
  EXPECT_LT(std::chrono::steady_clock::now() - start, kSoon);
}

TEST(Json, Members_AreGivenOfTheTypeAskedFor) {
  const Json json = {{"i", 5}, {"d", 2.5}, {"s", "text"}, {"u", UINT64_MAX}, {"o", Json::object()}};
  EXPECT_EQ(IntegerOr(json, "i", 1), 5);
  EXPECT_EQ(IntegerOr(json, "d", 1), 1);
  EXPECT_EQ(IntegerOr(json, "u", 1), 1);
  EXPECT_EQ(IntegerOr(json, "none", 1), 1);
  EXPECT_EQ(StringOr(json, "s", ""), "text");
  EXPECT_EQ(StringOr(json, "i", "other"), "other");
  EXPECT_NE(Member(json, "i", Json::value_t::number_float), nullptr);
  EXPECT_EQ(Member(json, "d", Json::value_t::number_integer), nullptr);
  EXPECT_NE(Member(json, "o", Json::value_t::object), nullptr);
}

TEST(Json, Text_IsOneLineOfUtf8) {
  EXPECT_EQ(JsonText({{"a", "b\nc"}}), "{\"a\":\"b\\nc\"}");
  EXPECT_EQ(JsonText({{"a", "\xFF"}}), "{\"a\":\"\xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace runnel
