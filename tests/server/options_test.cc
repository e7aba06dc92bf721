#include "server/options.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <vector>

#include "tests/testing/temporary_folder.h"

namespace runnel::server {
namespace {

ParsedOptions Parse(std::vector<const char*> flags) {
  flags.insert(flags.begin(), "runnel-server");
  return ParseOptions(static_cast<int>(flags.size()), flags.data());
}

TEST(ParseOptions, NoFlags_AreTheDefaults) {
  const ParsedOptions parsed = Parse({});
  EXPECT_TRUE(parsed.run);
  EXPECT_EQ(parsed.options.listen, "127.0.0.1:50051");
  EXPECT_EQ(parsed.options.max_message_bytes, 64 << 20);
  EXPECT_EQ(parsed.options.threads, HardwareThreads());
}

TEST(ParseOptions, Flags_AreTaken) {
  const ParsedOptions parsed =
      Parse({"--listen=0.0.0.0:0", "--data-dir", "/d", "--threads=3", "--max-queued-jobs=0"});
  EXPECT_TRUE(parsed.run);
  EXPECT_EQ(parsed.options.listen, "0.0.0.0:0");
  EXPECT_EQ(parsed.options.data_dir, "/d");
  EXPECT_EQ(parsed.options.threads, 3);
  EXPECT_EQ(parsed.options.max_queued_jobs, 0);
}

TEST(ParseOptions, BadFlags_ExitWithTwo) {
  for (const char* flag :
       {"--no-such-flag", "--threads=0", "--threads=many", "--listen=nowhere",
        "--listen=127.0.0.1:65536", "--max-chars=0", "--config=/no/such/file", "stray"}) {
    const ParsedOptions parsed = Parse({flag});
    EXPECT_FALSE(parsed.run) << flag;
    EXPECT_EQ(parsed.exit_code, 2) << flag;
  }
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
