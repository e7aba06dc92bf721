// Tests of errors: status details, the text on stderr and exit codes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/net/error_text.h"
#include "client/net/server_status.h"
#include "client/output/exit_code.h"
#include "tests/client/fake_server.h"

namespace runnel::client {
namespace {

using grpc::StatusCode;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const FlagNames kFlags = {{"sampling.temperature", "--temperature"},
                          {"stop.stop_sequences", "--stop"},
                          {"model", "MODEL"}};

std::string Text(const grpc::Status& status) {
  return ErrorText(FromServer(status), "host:1", kFlags);
}

std::vector<google::rpc::BadRequest::FieldViolation> Violations(const std::string& details) {
  const google::rpc::BadRequest bad_request =
      FieldViolations(FromServer(grpc::Status(StatusCode::INVALID_ARGUMENT, "no", details)));
  return {bad_request.field_violations().begin(), bad_request.field_violations().end()};
}

TEST(ServerStatusTest, FromServer_KeepsCodeAndMessage_AndMarksTheFailure) {
  const absl::Status status = FromServer({StatusCode::NOT_FOUND, "no model"});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "no model");
  EXPECT_TRUE(IsFromServer(status));
  EXPECT_FALSE(IsFromServer(absl::NotFoundError("no file")));
  EXPECT_TRUE(FromServer(grpc::Status::OK).ok());
}

TEST(ServerStatusTest, FieldViolations_Two_AreReadInOrder) {
  const auto violations = Violations(EncodeBadRequest({{"a.b", "must be x"}, {"c", "must be y"}}));
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(violations[0].field(), "a.b");
  EXPECT_EQ(violations[0].description(), "must be x");
  EXPECT_EQ(violations[1].field(), "c");
}

TEST(ServerStatusTest, FieldViolations_EmptyOrOtherDetails_GiveNone) {
  EXPECT_TRUE(Violations("").empty());
  EXPECT_TRUE(Violations("not protobuf at all").empty());
  std::string other = EncodeBadRequest({{"a", "b"}});
  other.replace(other.find("BadRequest"), 10, "RetryAfter");
  EXPECT_TRUE(Violations(other).empty());
}

TEST(ServerStatusTest, FieldViolations_TruncatedOrFlippedDetails_NeverFailNorReachTheTerminal) {
  testing::internal::CaptureStderr();
  const std::string details = EncodeBadRequest({{"a.b", "must be x"}});
  for (size_t i = 0; i < details.size(); ++i) {
    Violations(details.substr(0, i));
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = details;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      EXPECT_LE(Violations(flipped).size(), flipped.size());
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");  // protobuf's own reports are for nobody
}

TEST(ErrorTextTest, OwnError_ThatLooksLikeAField_IsShownAsItIs) {
  EXPECT_EQ(ErrorText(absl::InvalidArgumentError("model: sampling.temperature is a file\n"),
                      "host:1", kFlags),
            "runnel: model: sampling.temperature is a file\\n\n");
}

TEST(ErrorTextTest, Unavailable_NoServer_SaysHowToStartOne) {
  EXPECT_EQ(Text({StatusCode::UNAVAILABLE,
                  "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: "
                  "Failed to connect to remote host: Connection refused"}),
            "runnel: cannot reach a server at host:1 (Connection refused); start one with "
            "runnel-server, or name it with --server\n");
}

TEST(ErrorTextTest, Unavailable_ServerSaysWhy_ShowsItsWords) {
  EXPECT_EQ(Text({StatusCode::UNAVAILABLE, "shutting down"}),
            "runnel: the server at host:1 is unavailable: shutting down\n");
}

TEST(ErrorTextTest, InvalidArgument_MessageTellsAll_NamesTheFlagOnce) {
  EXPECT_EQ(Text({StatusCode::INVALID_ARGUMENT, "sampling.temperature must be >= 0",
                  EncodeBadRequest({{"sampling.temperature", "must be >= 0"}})}),
            "runnel: --temperature must be >= 0\n");
}

TEST(ErrorTextTest, InvalidArgument_ViolationsAddToTheMessage_AreListed) {
  EXPECT_EQ(Text({StatusCode::INVALID_ARGUMENT, "2 fields are out of range",
                  EncodeBadRequest({{"sampling.temperature", "must be >= 0"},
                                    {"stop.stop_sequences[1]", "must not be empty"},
                                    {"sampling.future", "must be even"}})}),
            "runnel: 2 fields are out of range\n"
            "  --temperature: must be >= 0\n"
            "  --stop: must not be empty\n"
            "  sampling.future: must be even\n");
}

TEST(ErrorTextTest, AnyMessage_ControlCharacters_AreEscaped) {
  EXPECT_EQ(Text({StatusCode::NOT_FOUND, "no model \x1b[2J\n"}), "runnel: no model \\x1b[2J\\n\n");
}

TEST(ErrorTextTest, Unimplemented_WithAndWithoutMessage_AreClear) {
  EXPECT_EQ(Text({StatusCode::UNIMPLEMENTED, "Score is not offered"}),
            "runnel: Score is not offered\n");
  EXPECT_THAT(Text({StatusCode::UNIMPLEMENTED, ""}), HasSubstr("does not offer this"));
}

TEST(ErrorTextTest, Unimplemented_FieldInTheMessage_BecomesTheFlag) {
  EXPECT_EQ(Text({StatusCode::UNIMPLEMENTED, "sampling.temperature: is not available"}),
            "runnel: --temperature: is not available\n");
}

TEST(ErrorTextTest, FieldThatAMessageBeginsWith_BecomesTheFlagWhateverTheCode) {
  for (const StatusCode code : {StatusCode::NOT_FOUND, StatusCode::ALREADY_EXISTS,
                                StatusCode::FAILED_PRECONDITION, StatusCode::RESOURCE_EXHAUSTED}) {
    EXPECT_EQ(Text({code, "model: there is no model x: y"}),
              "runnel: MODEL: there is no model x: y\n");
    EXPECT_EQ(Text({code, "no model: y"}), "runnel: no model: y\n");
  }
}

TEST(ErrorTextTest, DeadlineExceeded_NamesTheFlag) {
  EXPECT_THAT(Text({StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded"}), HasSubstr("--timeout"));
}

TEST(ErrorTextTest, EmptyMessage_StillSaysSomething) {
  EXPECT_THAT(Text({StatusCode::INTERNAL, ""}), StartsWith("runnel: the request failed"));
}

TEST(ExitCodeTest, EveryStatus_HasItsDocumentedCode) {
  const auto code = [](StatusCode status) {
    return static_cast<int>(ExitCodeOf(FromServer(grpc::Status(status, ""))));
  };
  EXPECT_EQ(code(StatusCode::OK), 0);
  EXPECT_EQ(code(StatusCode::INTERNAL), 1);
  EXPECT_EQ(code(StatusCode::UNIMPLEMENTED), 1);
  EXPECT_EQ(code(StatusCode::RESOURCE_EXHAUSTED), 1);
  EXPECT_EQ(code(StatusCode::DATA_LOSS), 1);
  EXPECT_EQ(code(StatusCode::INVALID_ARGUMENT), 2);
  EXPECT_EQ(code(StatusCode::OUT_OF_RANGE), 2);
  EXPECT_EQ(code(StatusCode::FAILED_PRECONDITION), 2);
  EXPECT_EQ(code(StatusCode::NOT_FOUND), 3);
  EXPECT_EQ(code(StatusCode::UNAVAILABLE), 4);
  EXPECT_EQ(code(StatusCode::DEADLINE_EXCEEDED), 5);
  EXPECT_EQ(code(StatusCode::CANCELLED), 130);
}

TEST(ExitCodeTest, EndedJob_FollowsItsState) {
  EXPECT_EQ(ExitCodeOf(v1::TRAINING_JOB_STATE_SUCCEEDED), ExitCode::kOk);
  EXPECT_EQ(ExitCodeOf(v1::TRAINING_JOB_STATE_FAILED), ExitCode::kFailed);
  EXPECT_EQ(ExitCodeOf(v1::TRAINING_JOB_STATE_CANCELLED), ExitCode::kInterrupted);
}

}  // namespace
}  // namespace runnel::client
