#include "core/model/model_reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace runnel {
namespace {

using testing::HasSubstr;

TEST(CheckModelName, NamesOfTheRule_AreAccepted) {
  for (const std::string& name :
       {std::string("a"), std::string("7"), std::string("tiny-shakespeare"), std::string("a-"),
        std::string("0-1-2"), std::string(63, 'x')}) {
    EXPECT_TRUE(CheckModelName(name).ok()) << name;
  }
}

TEST(CheckModelName, OtherNames_AreRefusedAndShown) {
  for (const std::string& name :
       {std::string("-a"), std::string("A"), std::string("a_b"), std::string("a b"),
        std::string("a.b"), std::string("a/b"), std::string(".."), std::string("a:1"),
        std::string("\u00E9"), std::string("a\0b", 3), std::string(64, 'x')}) {
    const absl::Status status = CheckModelName(name);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr("1 to 63 characters of a-z, 0-9 and -"));
  }
  EXPECT_EQ(std::string(CheckModelName("").message()), "is empty; a model name is needed");
  EXPECT_THAT(std::string(CheckModelName("a\"\n").message()), HasSubstr(R"(is "a\"\n";)"));
  EXPECT_THAT(std::string(CheckModelName(std::string(1000, 'x')).message()),
              HasSubstr("is \"" + std::string(80, 'x') + "...\";"));
}

TEST(ParseModelReference, Forms_AreNameVersionAndLabel) {
  const ModelReference bare = ParseModelReference("brook").value();
  EXPECT_EQ(bare.name, "brook");
  EXPECT_EQ(bare.version, 0);
  EXPECT_EQ(bare.label, "");

  const ModelReference version = ParseModelReference("brook:7").value();
  EXPECT_EQ(version.name, "brook");
  EXPECT_EQ(version.version, 7);
  EXPECT_EQ(version.label, "");
  EXPECT_EQ(ParseModelReference("7:2147483647")->version, 2147483647);

  const ModelReference label = ParseModelReference("brook:stable-2").value();
  EXPECT_EQ(label.name, "brook");
  EXPECT_EQ(label.version, 0);
  EXPECT_EQ(label.label, "stable-2");
}

TEST(ParseModelReference, MalformedReferences_AreInvalid) {
  for (const char* reference :
       {"", ":", ":1", "a:", "a:0", "a:-1", "a:+1", "a:1.5", "a:2147483648",
        "a:99999999999999999999", "a:Stable", "a:1-2", "a:b:c", "a: 1", "A:1", "a/b:1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseModelReference(reference).status())) << reference;
  }
  EXPECT_THAT(std::string(ParseModelReference("a:0").status().message()),
              HasSubstr("is \"a:0\"; a model reference is \"name\", \"name:7\""));
}

TEST(ModelReference, ToString_IsWhatParses) {
  for (const char* text : {"brook", "brook:7", "brook:stable"}) {
    EXPECT_EQ(ParseModelReference(text)->ToString(), text);
  }
}

}  // namespace
}  // namespace runnel
