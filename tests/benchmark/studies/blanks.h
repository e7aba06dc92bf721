// The study `blanks` trains a one-directional and a bidirectional network of the same size for the
// same time, and measures how often each names the character that is missing at a place of a
// held-out text.
#ifndef RUNNEL_TESTS_BENCHMARK_STUDIES_BLANKS_H_
#define RUNNEL_TESTS_BENCHMARK_STUDIES_BLANKS_H_

#include <CLI/CLI.hpp>

namespace runnel {

// `exit_code` becomes 1 if the study fails.
void AddBlanksStudy(CLI::App& app, int* exit_code);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_STUDIES_BLANKS_H_
