// Texts from files and from standard input.

#include "tests/client/client_fixture.h"

namespace runnel::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TextInputTest : public ClientTest {
 protected:
  TextInputTest() {
    fake.generation.score = [this](const v1::ScoreRequest& request, v1::ScoreResponse*) {
      score_ = request;
      return status_;
    };
    fake.generation.fill = [this](const v1::FillBlanksRequest& request, v1::FillBlanksResponse*) {
      fill_ = request;
      return status_;
    };
    fake.generation.sample = [this](const v1::SampleRequest& request, v1::SampleResponse*) {
      sample_ = request;
      return status_;
    };
    fake.generation.generate = [this](grpc::ServerContext*, const v1::GenerateCharsRequest& request,
                                      grpc::ServerWriter<v1::GenerateCharsResponse>*) {
      generate_ = request;
      return status_;
    };
  }

  grpc::Status status_;
  v1::ScoreRequest score_;
  v1::FillBlanksRequest fill_;
  v1::SampleRequest sample_;
  v1::GenerateCharsRequest generate_;
};

TEST_F(TextInputTest, Dash_ReadsStandardInput_InEveryCommandThatTakesText) {
  input = "to be\n";
  EXPECT_EQ(Run({"score", "m", "-"}), 0) << err;
  EXPECT_EQ(score_.text(), "to be\n");
  EXPECT_EQ(Run({"score", "m", "x", "--context", "-"}), 0) << err;
  EXPECT_EQ(score_.context(), "to be\n");
  EXPECT_EQ(Run({"fill", "m", "-"}), 0) << err;
  EXPECT_EQ(fill_.text(), "to be\n");
  EXPECT_EQ(Run({"sample", "m", "--prompt", "-"}), 0) << err;
  EXPECT_EQ(sample_.prompt(), "to be\n");
  EXPECT_EQ(Run({"generate", "m", "--prompt=-"}), 0) << err;
  EXPECT_EQ(generate_.prompt(), "to be\n");
  EXPECT_EQ(Run({"generate", "m", "--prompt-file", "-"}), 0) << err;
  EXPECT_EQ(generate_.prompt(), "to be\n");
}

TEST_F(TextInputTest, File_IsReadByteForByte_InEveryCommandThatTakesText) {
  const std::string text = std::string(500'000, 'x') + "\u00E9\r\n\n";
  const std::string path = WriteFile("text.txt", text);
  EXPECT_EQ(Run({"score", "m", "--text-file", path, "--context-file", path}), 0) << err;
  EXPECT_EQ(score_.text(), text);
  EXPECT_EQ(score_.context(), text);
  EXPECT_EQ(Run({"fill", "m", "--text-file", path}), 0) << err;
  EXPECT_EQ(fill_.text(), text);
  EXPECT_EQ(Run({"sample", "m", "--prompt-file", path}), 0) << err;
  EXPECT_EQ(sample_.prompt(), text);
  EXPECT_EQ(Run({"generate", "m", "--prompt-file", path}), 0) << err;
  EXPECT_EQ(generate_.prompt(), text);
}

TEST_F(TextInputTest, FileThatHoldsADash_IsADash) {
  EXPECT_EQ(Run({"score", "m", "--text-file", WriteFile("dash.txt", "-")}), 0) << err;
  EXPECT_EQ(score_.text(), "-");
}

TEST_F(TextInputTest, StandardInputTwice_IsRefusedBeforeItIsRead) {
  input = "text";
  EXPECT_EQ(Run({"score", "m", "-", "--context", "-"}), 2);
  EXPECT_THAT(err, HasSubstr("--context: is -, but TEXT is -, too, and standard input can be read "
                             "only once"));
  EXPECT_EQ(Run({"score", "m", "--text-file", "-", "--context-file", "-"}), 2);
  EXPECT_THAT(err, HasSubstr("--context-file: is -, but --text-file is -"));
  EXPECT_EQ(
      Run({"models", "import", "-", "--model", "m", "--cell", "lstm", "--vocabulary-file", "-"}),
      2);
  EXPECT_THAT(err, HasSubstr("--vocabulary-file: is -, but FILE is -"));
}

TEST_F(TextInputTest, TextAndFile_CannotBothBeGiven) {
  EXPECT_EQ(Run({"score", "m", "text", "--text-file", "f"}), 2);
  EXPECT_THAT(err, AllOf(HasSubstr("--text-file"), HasSubstr("TEXT")));
  EXPECT_EQ(Run({"generate", "m", "--prompt", "text", "--prompt-file", "f"}), 2);
  EXPECT_THAT(err, AllOf(HasSubstr("--prompt-file"), HasSubstr("--prompt")));
}

TEST_F(TextInputTest, NoText_IsBadUsage) {
  EXPECT_EQ(Run({"score", "m"}), 2);
  EXPECT_THAT(err, HasSubstr("TEXT or --text-file is required"));
  EXPECT_EQ(Run({"fill", "m"}), 2);
  EXPECT_THAT(err, HasSubstr("TEXT or --text-file is required"));
}

TEST_F(TextInputTest, FileThatCannotBeRead_IsNamed) {
  EXPECT_EQ(Run({"score", "m", "--text-file", "/no/such.txt"}), 2);
  EXPECT_EQ(err, "runnel: cannot read /no/such.txt: No such file or directory\n");
  EXPECT_EQ(Run({"score", "m", "--text-file", "/"}), 2);
  EXPECT_EQ(err, "runnel: / is a directory, not a file\n");
}

TEST_F(TextInputTest, FileThatIsTooLarge_IsNamedWithTheLimit) {
  const std::string path = WriteFile("large.txt", std::string((64 << 20) + 1, 'x'));
  EXPECT_EQ(Run({"score", "m", "--text-file", path}), 2);
  EXPECT_EQ(err, "runnel: " + path + " is too large: it has more than 67108864 bytes\n");
}

TEST_F(TextInputTest, FileThatIsNotUtf8_IsNamedWithByteOffsetAndEncoding) {
  const std::string path = WriteFile("latin1.txt", "caf\xE9 ");
  EXPECT_EQ(Run({"score", "m", "--text-file", path}), 2);
  EXPECT_EQ(err, "runnel: " + path +
                     " is not valid UTF-8: byte 0xE9 at offset 3; it looks like "
                     "Latin-1: iconv -f latin1 -t utf-8 " +
                     path + "\n");
  input = "caf\xE9 ";
  EXPECT_EQ(Run({"score", "m", "-"}), 2);
  EXPECT_EQ(err,
            "runnel: standard input is not valid UTF-8: byte 0xE9 at offset 3; it looks like "
            "Latin-1: iconv -f latin1 -t utf-8\n");
}

TEST_F(TextInputTest, ByteOrderMark_IsLeftOutAndToldOnce) {
  const std::string path = WriteFile("mark.txt", "\uFEFFto be\n");
  EXPECT_EQ(Run({"score", "m", "--text-file", path}), 0);
  EXPECT_EQ(score_.text(), "to be\n");
  EXPECT_EQ(err, "runnel: left out the byte order mark at the start of " + path + "\n");
}

TEST_F(TextInputTest, RejectedText_IsNamedByTheFlagThatGaveIt) {
  status_ = {grpc::StatusCode::INVALID_ARGUMENT, "prompt: has a character that is unknown",
             EncodeBadRequest({{"prompt", "has a character that is unknown"}})};
  EXPECT_EQ(Run({"sample", "m", "--prompt-file", WriteFile("p.txt", "p")}), 2);
  EXPECT_EQ(err, "runnel: --prompt-file: has a character that is unknown\n");
  EXPECT_EQ(Run({"sample", "m", "--prompt", "p"}), 2);
  EXPECT_EQ(err, "runnel: --prompt: has a character that is unknown\n");
}

}  // namespace
}  // namespace runnel::client
