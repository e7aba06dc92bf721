// runnel-studies measures on a text which kinds of networks can do what.
#include <CLI/CLI.hpp>

#include "tests/benchmark/studies/blanks.h"
#include "tests/benchmark/studies/distances.h"
#include "tests/benchmark/studies/recipes.h"
#include "tests/testing/instruction_set.h"

int main(int argc, char** argv) {
  if (!runnel::LimitInstructionSetByEnvironment()) return 2;
  CLI::App app("Studies of what kinds of networks can do, each trained here and now.");
  app.require_subcommand(1);
  int exit_code = 0;
  runnel::AddBlanksStudy(app, &exit_code);
  runnel::AddDistancesStudy(app);
  runnel::AddRecipesStudy(app, &exit_code);
  CLI11_PARSE(app, argc, argv);
  return exit_code;
}
