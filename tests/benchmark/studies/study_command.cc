#include "tests/benchmark/studies/study_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"

namespace runnel {

StudyOptions::StudyOptions()
    : threads(std::max(1, static_cast<int>(std::thread::hardware_concurrency()))) {}

void StudyOptions::AddTo(CLI::App* command) {
  command->add_option("FILE", path, "UTF-8 text; default: the King James Bible");
  command->add_option("--threads", threads, "Threads that train")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--seed", seed, "Of every draw")->capture_default_str();
}

double SecondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void SetStudy(CLI::App* command, int* exit_code, std::function<absl::Status()> study) {
  command->callback([exit_code, study = std::move(study)] {
    const absl::Status status = study();
    if (status.ok()) return;
    absl::FPrintF(stderr, "runnel-studies: %s\n", std::string(status.message()));
    *exit_code = 1;
  });
}

}  // namespace runnel
