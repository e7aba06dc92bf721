#include "core/pattern/pattern_syntax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <string>

namespace runnel {
namespace {

using ::testing::HasSubstr;

absl::Status Parse(const std::string& expression) { return ParsePattern(expression).status(); }

bool Re2Takes(const std::string& expression) {
  RE2::Options options;
  options.set_log_errors(false);
  return RE2(expression, options).ok();
}

TEST(ParsePattern, EverythingDocumented_IsTakenAsByRe2) {
  for (const char* expression : {"",
                                 "abc",
                                 "a|b||c",
                                 "a*b+c?d{3}e{3,}f{3,5}g*?h+?i??j{2}?",
                                 ".",
                                 "(?s).",
                                 "(?s:.)(?-s:.)",
                                 "(?sU)a",
                                 "(a)(?:b)(?P<name>c)",
                                 "[abc]",
                                 "[^a-z]",
                                 "[]a]",
                                 "[^]a]",
                                 "[a-]",
                                 "[-a]",
                                 "[\\d\\-x]",
                                 "[[:alpha:][:^digit:]_]",
                                 "[[:]",
                                 "[a\\]b]",
                                 "\\d\\D\\s\\S\\w\\W",
                                 "\\A^a$\\z",
                                 "\\.\\*\\\\\\/\\-",
                                 "\\a\\f\\n\\r\\t\\v",
                                 "\\x41\\x{1F600}\\x{10FFFF}",
                                 "\\101\\08\\0",
                                 "\\Qa.b*\\E+",
                                 "\\Qabc",
                                 "{",
                                 "a{",
                                 "a{,5}",
                                 "a{01}",
                                 "]",
                                 "}",
                                 "\\_",
                                 "(?P<n>a)(?P<n>b)",
                                 "^*",
                                 "()*",
                                 "\xC3\xA9+",
                                 "(((a{10}){10}){10})",
                                 "a{1000}"}) {
    EXPECT_TRUE(Parse(expression).ok()) << expression << ": " << Parse(expression);
    EXPECT_TRUE(Re2Takes(expression)) << expression;
  }
}

TEST(ParsePattern, Malformed_IsRefusedAsByRe2) {
  for (const char* expression : {"(",
                                 ")",
                                 "a)",
                                 "(a",
                                 "(?:a",
                                 "*",
                                 "+a",
                                 "?",
                                 "a|*",
                                 "(*)",
                                 "a**",
                                 "a+*",
                                 "a{2}{3}",
                                 "{2}",
                                 "a{2,1}",
                                 "a{1001}",
                                 "a{0,1001}",
                                 "(((a{10}){10}){11})",
                                 "((a{100}){11})*",
                                 "[",
                                 "[a",
                                 "[]",
                                 "[^]",
                                 "[b-a]",
                                 "[a-\\d]",
                                 "[[:nothing:]]",
                                 "\\",
                                 "\\1",
                                 "\\8",
                                 "\\y",
                                 "\\xZZ",
                                 "\\x1",
                                 "\\x{110000}",
                                 "\\x{}",
                                 "(?P<>a)",
                                 "(?P<a-b>c)",
                                 "(?P=n)",
                                 "(?<n>a)",
                                 "(?=a)",
                                 "(?!a)",
                                 "(?z)",
                                 "\xFF",
                                 "a\xC3"}) {
    EXPECT_EQ(Parse(expression).code(), absl::StatusCode::kInvalidArgument) << expression;
    EXPECT_FALSE(Re2Takes(expression)) << expression;
  }
}

TEST(ParsePattern, WhatRe2HasBeyond_IsRefusedByName) {
  EXPECT_EQ(Parse("a\\b").message(), "has the escape \\b, which is not available, at character 2");
  EXPECT_EQ(Parse("\\pL").message(), "has the escape \\p, which is not available, at character 1");
  EXPECT_THAT(Parse("\\C").message(), HasSubstr("\\C"));
  EXPECT_EQ(Parse("(?i)a").message(),
            "has the flag i, which is not available; s, U and (?: are, at character 3");
}

TEST(ParsePattern, WhatFollowsABracketAndAQuestionMark_IsCalledByItsName) {
  for (const char* lookahead : {"a(?=b)", "a(?!b)"}) {
    EXPECT_EQ(Parse(lookahead).message(),
              "has a lookahead, which is not available, at character 4");
  }
  for (const char* lookbehind : {"(?<=a)b", "(?<!a)b"}) {
    EXPECT_EQ(Parse(lookbehind).message(),
              "has a lookbehind, which is not available, at character 3");
  }
  for (const char* named : {"(?<n>a)", "(?'n'a)"}) {
    EXPECT_EQ(Parse(named).message(),
              "has a named group that is not written as (?P<name>...), at character 3");
  }
  EXPECT_EQ(Parse("(?>a)").message(), "has (?>, which is not available, at character 3");
  EXPECT_EQ(Parse("(?#a)").message(), "has (?#, which is not available, at character 3");
  EXPECT_EQ(Parse("(?").message(), "has a group without its ), at character 3");
  EXPECT_EQ(Parse("(?s").message(), "has a group without its ), at character 4");
}

TEST(ParsePattern, HexEscapes_AreRefusedForWhatIsWrongWithThem) {
  EXPECT_EQ(Parse("a\\x{110000}").message(),
            "has an \\x escape above 10FFFF, the last character, at character 2");
  EXPECT_EQ(Parse("[\\x{123456789ABCDEF0}]").message(),
            "has an \\x escape above 10FFFF, the last character, at character 2");
  EXPECT_EQ(Parse("\\x{D800}").message(),
            "has an \\x escape of a surrogate, which is no character, at character 1");
  EXPECT_EQ(Parse("\\x{11000").message(), "has a malformed \\x escape, at character 1");
}

TEST(ParsePattern, SurrogateEscapes_AreRefused) {
  for (const char* expression : {"\\x{D800}", "[\\x{D800}]", "[a-\\x{DFFF}]", "[^\\x{DABC}]"}) {
    EXPECT_THAT(Parse(expression).message(), HasSubstr("surrogate")) << expression;
  }
  EXPECT_TRUE(Parse("\\x{D7FF}\\x{E000}[\\x{D7FF}-\\x{E000}]").ok());
}

TEST(ParsePattern, Bounds_AreHeld) {
  EXPECT_TRUE(Parse(std::string(kPatternBytesMax, 'a')).ok());
  EXPECT_EQ(Parse(std::string(kPatternBytesMax + 1, 'a')).message(),
            "has 4097 bytes; at most 4096 are allowed");
  const auto nested = [](int depth) { return std::string(depth, '(') + std::string(depth, ')'); };
  EXPECT_TRUE(Parse(nested(kPatternDepthMax)).ok());
  EXPECT_THAT(Parse(nested(kPatternDepthMax + 1)).message(), HasSubstr("deeper than 200"));
}

}  // namespace
}  // namespace runnel
