// The study `recipes` measures which loss the recipes reach, and when.
#ifndef RUNNEL_TESTS_BENCHMARK_STUDIES_RECIPES_H_
#define RUNNEL_TESTS_BENCHMARK_STUDIES_RECIPES_H_

#include <CLI/CLI.hpp>

namespace runnel {

// `recipes`: trains FAST and BEST on a text and prints their losses on its held-out tenth under two
// protocols, and how the loss fell. Sets `exit_code` to 1 on an error.
void AddRecipesStudy(CLI::App& app, int* exit_code);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_STUDIES_RECIPES_H_
