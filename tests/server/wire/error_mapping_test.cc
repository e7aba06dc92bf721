#include "server/wire/error_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text/utf8.h"
#include "tests/server/bad_request.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(ErrorMapping, NoViolations_IsOk) {
  EXPECT_TRUE(ToStatus(Violations()).ok());
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
}

TEST(ErrorMapping, Violations_AreInMessageAndDetails) {
  Violations violations;
  violations.Add("sampling.temperature", "is -1; must be 0 or more, and finite");
  violations.Add("stop.max_chars", "is 0; must be 1 to 9");
  const grpc::Status status = ToGrpcStatus(ToStatus(violations));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "sampling.temperature: is -1; must be 0 or more, and finite; "
            "stop.max_chars: is 0; must be 1 to 9");
  EXPECT_THAT(ViolationsOf(status),
              ElementsAre(Pair("sampling.temperature", "is -1; must be 0 or more, and finite"),
                          Pair("stop.max_chars", "is 0; must be 1 to 9")));
}

TEST(ErrorMapping, ManyLongViolations_FitIntoTrailers) {
  Violations violations;
  for (int i = 0; i < 100; ++i) violations.Add("field", std::string(5000, 'x'));
  const grpc::Status status = ToGrpcStatus(ToStatus(violations));
  constexpr size_t kTrailersMax = 8192;
  EXPECT_LT(status.error_message().size() * 3 + status.error_details().size() * 4 / 3,
            kTrailersMax);
  EXPECT_FALSE(ViolationsOf(status).empty());
}

TEST(ErrorMapping, MoreViolationsThanShown_AreCounted) {
  Violations violations;
  for (int i = 0; i < 13; ++i) violations.Add("f", "d");
  const grpc::Status status = ToGrpcStatus(ToStatus(violations));
  EXPECT_THAT(ViolationsOf(status), SizeIs(10));
  EXPECT_THAT(status.error_message(), ::testing::EndsWith("; and 3 more"));
}

TEST(ErrorMapping, OtherCodes_KeepCodeAndMessage) {
  const grpc::Status status = ToGrpcStatus(AtField("model", absl::DataLossError("damaged")));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(status.error_message(), "damaged");
  EXPECT_EQ(status.error_details(), "");
}

TEST(ErrorMapping, InvalidArgumentAtAField_NamesIt_UnlessFieldsAreNamed) {
  const absl::Status named = AtField("prompt", absl::InvalidArgumentError("has no \"x\""));
  EXPECT_THAT(ViolationsOf(ToGrpcStatus(named)), ElementsAre(Pair("prompt", "has no \"x\"")));
  EXPECT_EQ(AtField("model", named), named);
}

TEST(ErrorMapping, InvalidRequest_HasNoFieldBeforeItsMessage) {
  const grpc::Status status = ToGrpcStatus(InvalidField("", "the request cannot be read"));
  EXPECT_EQ(status.error_message(), "the request cannot be read");
  EXPECT_THAT(ViolationsOf(status), ElementsAre(Pair("", "the request cannot be read")));
}

TEST(ErrorMapping, InvalidArgumentWithoutFields_HasNoDetails) {
  const grpc::Status status = ToGrpcStatus(absl::InvalidArgumentError("is wrong"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_details(), "");
}

TEST(SafeText, ValidShortText_IsKept) { EXPECT_EQ(SafeText("naïve 日本", 100), "naïve 日本"); }

TEST(SafeText, LongText_IsCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "日";
  for (size_t bytes = 4; bytes < 40; ++bytes) {
    const std::string cut = SafeText(text, bytes);
    EXPECT_LE(cut.size(), bytes);
    EXPECT_TRUE(DecodeUtf8(cut).ok()) << bytes;
    EXPECT_THAT(cut, ::testing::EndsWith("..."));
  }
}

TEST(SafeText, InvalidBytes_BecomeQuestionMarks) {
  EXPECT_EQ(SafeText("a\xFFz", 100), "a?z");
  EXPECT_EQ(SafeText("a\xE6\x97z", 100), "a?z");
  EXPECT_EQ(SafeText("a\xE6\x97", 100), "a");
  EXPECT_EQ(SafeText("\xC3\xC3\xA9", 100), "?é");
}

}  // namespace
}  // namespace runnel::server
