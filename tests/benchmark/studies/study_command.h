// What the studies' commands have in common.
#ifndef RUNNEL_TESTS_BENCHMARK_STUDIES_STUDY_COMMAND_H_
#define RUNNEL_TESTS_BENCHMARK_STUDIES_STUDY_COMMAND_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace runnel {

// What a study that trains on a text is told.
struct StudyOptions {
  std::string path;  // of the text; empty: the King James Bible
  int threads;       // that train; by default as many as the machine has
  uint64_t seed = 1;

  StudyOptions();
  // FILE, --threads and --seed of `command`; they must outlive its parsing.
  void AddTo(CLI::App* command);
};

// Seconds on a clock that only goes forward.
double SecondsNow();

// Makes `command` run `study`, whose error goes to stderr and sets `exit_code` to 1.
void SetStudy(CLI::App* command, int* exit_code, std::function<absl::Status()> study);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_STUDIES_STUDY_COMMAND_H_
