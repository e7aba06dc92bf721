// Requests that are not what their method's message is, over the wire.
#include "tests/server/generic_call.h"
#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kNotUtf8[] = "\x0A\x02\xC3\x28";   // field 1, two bytes that are no character
constexpr char kTruncated[] = "\x0A\x7F half a";  // field 1 of 127 bytes, of which there are 7

constexpr char kUnary[] = "/runnel.v1.TextGenerationService/Sample";
constexpr char kUnaryOfAllocator[] = "/runnel.v1.TextGenerationService/Train";
constexpr char kServerStream[] = "/runnel.v1.TextGenerationService/GenerateChars";

class UnreadableRequestTest : public ServerTest {
 protected:
  grpc::Status Send(const std::string& method, const std::string& bytes) {
    std::string response;
    return GenericCall(channel_, method).Exchange(bytes, &response);
  }
};

TEST_F(UnreadableRequestTest, NotUtf8OrTruncated_IsInvalidAndSaysSo) {
  for (const char* method : {kUnary, kUnaryOfAllocator, kServerStream}) {
    for (const char* bytes : {kNotUtf8, kTruncated}) {
      const grpc::Status status = Send(method, bytes);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << method;
      EXPECT_THAT(status.error_message(), HasSubstr("not valid UTF-8")) << method;
      EXPECT_THAT(FieldsOf(status), ElementsAre("")) << method;
    }
  }
}

TEST_F(UnreadableRequestTest, UploadedMessage_IsInvalidAndNotTheEnd) {
  const grpc::Status status = Send("/runnel.v1.TrainingJobService/UploadCorpus", kTruncated);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("malformed"));
}

TEST_F(UnreadableRequestTest, MethodThatIsUnknown_StaysUnimplemented) {
  for (const char* method : {"/runnel.v1.TextGenerationService/NoSuchMethod", "/nobody/Nothing"}) {
    EXPECT_EQ(Send(method, kNotUtf8).error_code(), grpc::StatusCode::UNIMPLEMENTED) << method;
  }
}

TEST_F(UnreadableRequestTest, MethodOfALaterRelease_StaysUnimplemented) {
  const grpc::Status status = Send("/runnel.v1.ModelService/SetModelLabel", "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(status.error_message(), HasSubstr("not available in this release"));
}

}  // namespace
}  // namespace runnel::server
