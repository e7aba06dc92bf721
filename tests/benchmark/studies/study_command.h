// The parts that the commands of all studies share.
#ifndef RUNNEL_TESTS_BENCHMARK_STUDIES_STUDY_COMMAND_H_
#define RUNNEL_TESTS_BENCHMARK_STUDIES_STUDY_COMMAND_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace runnel {

// The options of a study that trains on a text.
struct StudyOptions {
  std::string path;  // of the text; empty: the King James Bible
  int threads;       // for training; by default one for each processor
  uint64_t seed = 1;

  StudyOptions();
  // FILE, --threads and --seed of `command`; they must outlive its parsing.
  void AddTo(CLI::App* command);
};

// Returns seconds on a monotonic clock.
double SecondsNow();

// Makes `command` run `study`. An error of the study is printed to stderr and sets `exit_code`
// to 1.
void SetStudy(CLI::App* command, int* exit_code, std::function<absl::Status()> study);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_STUDIES_STUDY_COMMAND_H_
