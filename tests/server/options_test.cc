#include "server/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "tests/testing/temporary_folder.h"

namespace runnel::server {
namespace {

using ::testing::StartsWith;

ParsedOptions Parse(std::vector<const char*> flags) {
  flags.insert(flags.begin(), "runnel-server");
  return ParseOptions(static_cast<int>(flags.size()), flags.data());
}

TEST(ParseOptions, NoFlags_AreTheDefaults) {
  const ParsedOptions parsed = Parse({});
  EXPECT_TRUE(parsed.run);
  EXPECT_EQ(parsed.options.listen, "127.0.0.1:50051");
  EXPECT_EQ(parsed.options.max_message_bytes, DefaultMessageBytes(MemoryBytes()));
  EXPECT_EQ(parsed.options.threads, HardwareThreads());
}

TEST(ParseOptions, Flags_AreTaken) {
  const ParsedOptions parsed = Parse({"--listen=0.0.0.0:0", "--data-dir", "/d", "--threads=3",
                                      "--max-queued-jobs=0", "--max-job-seconds=9"});
  EXPECT_TRUE(parsed.run);
  EXPECT_EQ(parsed.options.listen, "0.0.0.0:0");
  EXPECT_EQ(parsed.options.data_dir, "/d");
  EXPECT_EQ(parsed.options.threads, 3);
  EXPECT_EQ(parsed.options.max_queued_jobs, 0);
  EXPECT_EQ(parsed.options.max_job_seconds, 9);
}

TEST(ParseOptions, DecodePrecision_IsF32UnlessNamed) {
  EXPECT_EQ(Parse({}).options.decode_precision, DecodePrecision::kF32);
  EXPECT_EQ(Parse({"--decode-precision=f32"}).options.decode_precision, DecodePrecision::kF32);
  EXPECT_EQ(Parse({"--decode-precision=bf16"}).options.decode_precision, DecodePrecision::kBf16);
  EXPECT_EQ(Parse({"--decode-precision", "int8"}).options.decode_precision, DecodePrecision::kInt8);
}

TEST(ParseOptions, DecodePrecision_IsTakenFromTheEnvironmentAndAConfigFile) {
  const testing::TemporaryFolder folder;
  testing::WriteFile(folder / "runnel.toml", "decode-precision = \"bf16\"\n");
  const std::string config = "--config=" + (folder / "runnel.toml");
  EXPECT_EQ(Parse({config.c_str()}).options.decode_precision, DecodePrecision::kBf16);
  setenv("RUNNEL_DECODE_PRECISION", "int8", 1);
  EXPECT_EQ(Parse({config.c_str()}).options.decode_precision, DecodePrecision::kInt8);
  EXPECT_EQ(Parse({config.c_str(), "--decode-precision=f32"}).options.decode_precision,
            DecodePrecision::kF32);
  unsetenv("RUNNEL_DECODE_PRECISION");
}

TEST(ParseOptions, UnknownDecodePrecision_IsReportedWithTheKnownOnes) {
  for (const std::string value : {"fp16", "INT8", "0"}) {
    ::testing::internal::CaptureStderr();
    const ParsedOptions parsed = Parse({("--decode-precision=" + value).c_str()});
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                StartsWith("runnel-server: --decode-precision: \"" + value +
                           "\" is none of f32, bf16, int8\n"));
    EXPECT_EQ(parsed.exit_code, 2);
  }
}

TEST(ParseOptions, InstructionSet_IsTheProcessorsBestUnlessNamed) {
  EXPECT_EQ(Parse({}).options.instruction_set, InstructionSet::kBest);
  EXPECT_EQ(Parse({"--instruction-set=avx512"}).options.instruction_set, InstructionSet::kAvx512);
  EXPECT_EQ(Parse({"--instruction-set=avx2"}).options.instruction_set, InstructionSet::kAvx2);
  EXPECT_EQ(Parse({"--instruction-set=portable"}).options.instruction_set,
            InstructionSet::kPortable);
  EXPECT_EQ(Parse({"--instruction-set=sse"}).exit_code, 2);
}

TEST(ParseOptions, BadFlags_ExitWithTwo) {
  for (const char* flag : {"--no-such-flag", "--threads=0", "--threads=many", "--listen=nowhere",
                           "--listen=127.0.0.1:65536", "--max-chars=0",
                           "--decode-precision=", "--config=/no/such/file", "stray"}) {
    const ParsedOptions parsed = Parse({flag});
    EXPECT_FALSE(parsed.run) << flag;
    EXPECT_EQ(parsed.exit_code, 2) << flag;
  }
}

// The flags that take a value, with their dashes, from the help.
std::vector<std::string> FlagsWithAValue() {
  ::testing::internal::CaptureStdout();
  Parse({"--help"});
  std::vector<std::string> flags;
  std::istringstream help(::testing::internal::GetCapturedStdout());
  for (std::string line; std::getline(help, line);) {
    std::istringstream words(line);
    std::string flag;
    if (words >> flag && flag.rfind("--", 0) == 0 && flag != "--version") flags.push_back(flag);
  }
  return flags;
}

// Every flag with a value: either takes the empty one or refuses it, never the next argument.
TEST(ParseOptions, EmptyValue_NeverTakesTheNextArgument) {
  EXPECT_GE(FlagsWithAValue().size(), 24u);
  for (const std::string& name : FlagsWithAValue()) {
    const bool may_be_empty = name == "--corpus-dir";
    ::testing::internal::CaptureStderr();
    const ParsedOptions joined = Parse({(name + "=").c_str(), "--max-streams=77"});
    const std::string joined_error = ::testing::internal::GetCapturedStderr();
    ::testing::internal::CaptureStderr();
    const ParsedOptions apart = Parse({name.c_str(), "", "--max-streams=77"});
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), joined_error) << name;
    EXPECT_EQ(joined.run, may_be_empty) << name;
    EXPECT_EQ(apart.run, may_be_empty) << name;
    EXPECT_EQ(joined.exit_code, may_be_empty ? 0 : 2) << name;
    if (!may_be_empty) {
      EXPECT_THAT(joined_error, ::testing::HasSubstr(name));
    }
  }
  EXPECT_EQ(Parse({"--corpus-dir=", "--max-streams=77"}).options.max_streams, 77);
}

TEST(ParseOptions, AFlagWhereAPathIsExpected_IsRefused) {
  for (const char* name : {"--data-dir", "--corpus-dir", "--config"}) {
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(Parse({name, "--listen=127.0.0.1:0"}).exit_code, 2) << name;
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                ::testing::HasSubstr("\"--listen=127.0.0.1:0\" looks like a flag"))
        << name;
  }
}

TEST(ParseOptions, NumberOutOfRange_IsReportedWithTheRange) {
  for (const std::string value : {"", "0", "1025", "two", "99999999999999999999", "1.5", "4x"}) {
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(Parse({("--threads=" + value).c_str()}).exit_code, 2) << value;
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                StartsWith("runnel-server: --threads: \"" + value +
                           "\" is not a whole number from 1 to 1024\n"));
  }
}

TEST(ParseOptions, UnixSocket_IsTaken) {
  EXPECT_EQ(Parse({"--listen=unix:/run/x"}).options.listen, "unix:/run/x");
  EXPECT_EQ(Parse({("--listen=unix:/" + std::string(107, 'x')).c_str()}).exit_code, 2);
}

TEST(ParseOptions, BadValue_IsReportedByTheNameItWasGivenUnder) {
  setenv("RUNNEL_THREADS", "0", 1);
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(Parse({}).exit_code, 2);
  EXPECT_EQ(::testing::internal::GetCapturedStderr().find("runnel-server: RUNNEL_THREADS: "), 0u);
  unsetenv("RUNNEL_THREADS");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(Parse({"--threads=0"}).exit_code, 2);
  EXPECT_EQ(::testing::internal::GetCapturedStderr().find("runnel-server: --threads: "), 0u);
}

TEST(ParseOptions, EmptyVariable_IsAsAFlagWithAnEmptyValue) {
  for (const std::string& name : FlagsWithAValue()) {
    std::string variable = "RUNNEL_" + absl::AsciiStrToUpper(name.substr(2));
    std::replace(variable.begin(), variable.end(), '-', '_');
    const bool may_be_empty = name == "--corpus-dir";
    setenv(variable.c_str(), "", 1);
    ::testing::internal::CaptureStderr();
    const ParsedOptions parsed = Parse({});
    const std::string error = ::testing::internal::GetCapturedStderr();
    unsetenv(variable.c_str());
    EXPECT_EQ(parsed.run, may_be_empty) << variable;
    EXPECT_EQ(parsed.exit_code, may_be_empty ? 0 : 2) << variable;
    EXPECT_THAT(error, StartsWith(may_be_empty ? "" : "runnel-server: " + variable + ": "));
  }
}

TEST(ParseOptions, HelpAndVersion_ExitWithZero) {
  for (const char* flag : {"--help", "--version"}) {
    const ParsedOptions parsed = Parse({flag});
    EXPECT_FALSE(parsed.run);
    EXPECT_EQ(parsed.exit_code, 0);
  }
}

TEST(ParseOptions, EnvironmentThenConfigFile_FillInWhatFlagsLeave) {
  const testing::TemporaryFolder folder;
  testing::WriteFile(folder / "runnel.toml", "threads = 5\nmax-streams = 6\nmax-chars = 7\n");
  setenv("RUNNEL_MAX_STREAMS", "8", 1);
  const std::string config = "--config=" + (folder / "runnel.toml");
  const ParsedOptions parsed = Parse({config.c_str(), "--max-chars=9"});
  unsetenv("RUNNEL_MAX_STREAMS");
  EXPECT_TRUE(parsed.run);
  EXPECT_EQ(parsed.options.threads, 5);
  EXPECT_EQ(parsed.options.max_streams, 8);
  EXPECT_EQ(parsed.options.max_chars, 9);
}

TEST(ParseOptions, UnknownNameInAConfigFile_ExitsWithTwo) {
  const testing::TemporaryFolder folder;
  testing::WriteFile(folder / "runnel.toml", "no-such-flag = 5\n");
  const std::string config = "--config=" + (folder / "runnel.toml");
  EXPECT_EQ(Parse({config.c_str()}).exit_code, 2);
}

}  // namespace
}  // namespace runnel::server
