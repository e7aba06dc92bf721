// "--flag=" and "--flag ''" mean the same for every flag of every command.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "client/command_line.h"
#include "tests/client/client_fixture.h"

namespace runnel::client {
namespace {

using ::testing::HasSubstr;

// One flag of one command, and arguments with which that command parses.
struct FlagCase {
  std::vector<std::string> args;
  std::string flag;
  bool takes_value;
};

// The arguments that `command` requires besides its flags.
std::vector<std::string> RequiredArguments(const CLI::App& command, const std::string& besides) {
  std::vector<std::string> args;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() && option->get_name() != "FILE") args.emplace_back("m");
  }
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() && option->get_name() == "FILE") args.emplace_back("f");
    if (option->get_required() && !option->get_positional() && option->get_name() != besides) {
      args.insert(args.end(), {option->get_name(), "m"});
    }
  }
  return args;
}

void CollectFlagCases(const CLI::App& command, const std::vector<std::string>& path,
                      std::vector<FlagCase>& cases) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) continue;
    FlagCase found{path, option->get_name(), option->get_items_expected_max() > 0};
    const std::vector<std::string> required = RequiredArguments(command, found.flag);
    found.args.insert(found.args.end(), required.begin(), required.end());
    cases.push_back(found);
  }
  for (const CLI::App* subcommand : command.get_subcommands(nullptr)) {
    std::vector<std::string> longer = path;
    longer.push_back(subcommand->get_name());
    CollectFlagCases(*subcommand, longer, cases);
  }
}

std::vector<FlagCase> AllFlagCases() {
  CommandLine line;
  std::vector<FlagCase> cases;
  CollectFlagCases(*MakeApp(line), {}, cases);
  return cases;
}

// What parsing came to: the error, or "" if there was none.
std::string Parse(const std::vector<std::string>& args) {
  CommandLine line;
  const auto app = MakeApp(line);
  try {
    ParseArguments(*app, args);
  } catch (const CLI::ParseError& error) {
    return ParseErrorText(*app, error);
  }
  return "";
}

std::vector<std::string> With(std::vector<std::string> args, const std::vector<std::string>& more) {
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

TEST(EmptyValueTest, EveryFlagWithAValue_TakesTheEmptyOneAndNotTheNextArgument) {
  int with_value = 0;
  for (const FlagCase& flag : AllFlagCases()) {
    if (!flag.takes_value) continue;
    ++with_value;
    SCOPED_TRACE(testing::PrintToString(flag.args) + " " + flag.flag);
    EXPECT_EQ(Parse(With(flag.args, {flag.flag + "="})), Parse(With(flag.args, {flag.flag, ""})));
    EXPECT_EQ(Parse(With(flag.args, {flag.flag + "=", "--no-such-flag"})),
              "unknown option \"--no-such-flag\"");
  }
  EXPECT_GT(with_value, 90);
}

TEST(EmptyValueTest, EveryFlagWithoutAValue_RefusesTheEmptyOne) {
  int without_value = 0;
  for (const FlagCase& flag : AllFlagCases()) {
    if (flag.takes_value) continue;
    ++without_value;
    SCOPED_TRACE(testing::PrintToString(flag.args) + " " + flag.flag);
    const std::string name = flag.flag.substr(flag.flag.rfind("--"));
    EXPECT_EQ(Parse(With(flag.args, {name + "="})), name + ": takes no value");
  }
  EXPECT_GT(without_value, 20);
}

TEST(EmptyValueTest, NoName_IsAFlagWithAValueInOneCommandAndWithoutInAnother) {
  std::map<std::string, std::set<bool>> kinds;
  for (const FlagCase& flag : AllFlagCases()) kinds[flag.flag].insert(flag.takes_value);
  for (const auto& [flag, kind] : kinds) EXPECT_EQ(kind.size(), 1u) << flag;
}

class EmptyValueCommandTest : public ClientTest {
 protected:
  EmptyValueCommandTest() {
    fake.generation.sample = [this](const v1::SampleRequest& request, v1::SampleResponse*) {
      request_ = request;
      return grpc::Status::OK;
    };
  }
  v1::SampleRequest request_;
};

TEST_F(EmptyValueCommandTest, Stop_IsTheEmptyText) {
  EXPECT_EQ(Run({"sample", "m", "--stop=", "--max-chars=5"}), 0) << err;
  ASSERT_EQ(request_.stop().stop_sequences_size(), 1);
  EXPECT_EQ(request_.stop().stop_sequences(0), "");
  EXPECT_EQ(request_.stop().max_chars(), 5);
}

TEST_F(EmptyValueCommandTest, ValueThatLooksLikeAnEmptyFlag_IsAValue) {
  EXPECT_EQ(Run({"sample", "m", "--prompt", "--stop="}), 0) << err;
  EXPECT_EQ(request_.prompt(), "--stop=");
  EXPECT_EQ(Run({"sample", "--", "--stop="}), 0) << err;
  EXPECT_EQ(request_.model(), "--stop=");
}

TEST_F(EmptyValueCommandTest, Server_IsRefused) {
  EXPECT_EQ(RunAsGiven({"--server=", "health"}), 2);
  EXPECT_THAT(err, HasSubstr("--server: must not be empty"));
}

TEST_F(EmptyValueCommandTest, FieldsThatWouldBeAbsent_AreRefused) {
  const std::vector<std::vector<std::string>> commands = {
      {"train", "-", "--model="},
      {"train", "-", "--model", "m", "--base="},
      {"train", "-", "--model", "m", "--request-id="},
      {"train", "--corpus-path=", "--model", "m"},
      {"models", "import", "-", "--model="},
      {"models", "delete", ""},
      {"models", "show", ""},
      {"jobs", "--model="},
      {"jobs", "cancel", ""},
      {"score", "", "text"}};
  for (const auto& command : commands) {
    EXPECT_EQ(Run(command), 2) << testing::PrintToString(command);
    EXPECT_THAT(err, HasSubstr(": must not be empty\n")) << testing::PrintToString(command);
  }
}

TEST_F(EmptyValueCommandTest, NamesOfFiles_AreRefused) {
  const std::vector<std::vector<std::string>> commands = {
      {"sample", "m", "--prompt-file="},
      {"score", "m", "--text-file="},
      {"models", "import", "-", "--model", "m", "--vocabulary-file="},
      {"models", "export", "m", ""}};
  for (const auto& command : commands) {
    EXPECT_EQ(Run(command), 2) << testing::PrintToString(command);
    EXPECT_THAT(err, HasSubstr("the name of a file must not be empty"));
  }
}

}  // namespace
}  // namespace runnel::client
