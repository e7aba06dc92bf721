#include "core/base/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace runnel {
namespace {

TEST(AppendArguments, GivesAnEmptyValueAnArgumentOfItsOwn) {
  const char* argv[] = {"program", "--a=", "--b=1", "-c=", "--d", "", "--e=f=", "--", "--g="};
  std::vector<std::string> arguments = {"first"};
  AppendArguments(9, argv, &arguments);
  EXPECT_THAT(arguments, ::testing::ElementsAre("first", "--a", "", "--b=1", "-c=", "--d", "",
                                                "--e=f=", "--", "--g="));
}

TEST(AppendArguments, TakesNoArguments) {
  const char* argv[] = {"program"};
  std::vector<std::string> arguments;
  AppendArguments(1, argv, &arguments);
  EXPECT_TRUE(arguments.empty());
}

}  // namespace
}  // namespace runnel
