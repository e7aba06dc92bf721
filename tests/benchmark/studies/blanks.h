// The study `blanks`: how often a one-directional network and a bidirectional one of the same size,
// trained for the same time, name the character that is missing at a place of a held-out text.
#ifndef RUNNEL_TESTS_BENCHMARK_STUDIES_BLANKS_H_
#define RUNNEL_TESTS_BENCHMARK_STUDIES_BLANKS_H_

#include <CLI/CLI.hpp>

namespace runnel {

// `exit_code` becomes 1 if the study fails.
void AddBlanksStudy(CLI::App& app, int* exit_code);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_STUDIES_BLANKS_H_
