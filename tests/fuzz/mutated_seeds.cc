// Feeds a fuzz target with broken copies of its seeds: bytes flipped, set and inserted, ranges cut,
// copied and exchanged with those of another seed, numbers in the text made large. It is
// deterministic: input i is the same in every run.
//
//   NAME                     runs 100,000 inputs; if one crashes the target, its number is printed
//   NAME --from FIRST COUNT  runs COUNT inputs, starting with input FIRST
//   NAME FILE...             runs the contents of these files
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_seeds.h"

namespace runnel {
namespace {

constexpr int64_t kInputs = 100'000;
constexpr int kMutationsMax = 4;

volatile int64_t current = 0;

void NameInput(int signal_number) {
  char text[80];
  const int length = snprintf(text, sizeof text, "input %ld broke the target (signal %d)\n",
                              static_cast<long>(current), signal_number);
  (void)!write(STDERR_FILENO, text, length);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& seeds, uint64_t number)
      : seeds_(seeds), random_(number) {}

  std::string Input() {
    std::string input = seeds_[Below(seeds_.size())];
    for (uint64_t left = 1 + Below(kMutationsMax); left > 0; --left) Mutate(&input);
    return input;
  }

 private:
  // Returns a random number in [0, bound), or 0 if the bound is 0.
  uint64_t Below(uint64_t bound) { return bound == 0 ? 0 : random_() % bound; }
  // Returns a random place; half of them are near the start, where headers are.
  size_t Place(const std::string& input) {
    constexpr size_t kHead = 64;
    return Below(Below(2) == 0 ? input.size() : std::min(input.size(), kHead));
  }

  void Mutate(std::string* input) {
    const size_t at = Place(*input);
    const size_t length = 1 + Below(std::min<size_t>(input->size() - at, 64));
    switch (Below(8)) {
      case 0:  // flips a bit
        if (!input->empty()) (*input)[at] = static_cast<char>((*input)[at] ^ (1 << Below(8)));
        return;
      case 1:  // sets a byte
        if (!input->empty()) (*input)[at] = static_cast<char>(Below(256));
        return;
      case 2:  // inserts a byte, often one that has a meaning in JSON
        input->insert(at, 1,
                      Below(4) == 0 ? static_cast<char>(Below(256)) : "{}[]\",:0-9\\e"[Below(12)]);
        return;
      case 3:
        input->erase(at, length);
        return;
      case 4:
        input->resize(at);
        return;
      case 5:  // copies a range to another place
        input->insert(Place(*input), input->substr(at, length));
        return;
      case 6: {  // a range of another seed
        const std::string& other = seeds_[Below(seeds_.size())];
        input->replace(at, length, other.substr(Below(other.size()), length));
        return;
      }
      default:
        ChangeNumber(input, at);
    }
  }

  // Replaces the next number in the text by another.
  void ChangeNumber(std::string* input, size_t at) {
    static constexpr const char* kNumbers[] = {
        "0",     "1",   "-1",   "4294967296", "18446744073709551615", "9223372036854775808",
        "1e999", "0.5", "4096", "255"};
    const size_t begin = input->find_first_of("0123456789", at);
    if (begin == std::string::npos) return;
    const size_t end = std::min(input->find_first_not_of("0123456789", begin), input->size());
    input->replace(begin, end - begin, kNumbers[Below(std::size(kNumbers))]);
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_;
};

void Feed(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

int RunMutations(int64_t first, int64_t count) {
  for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGILL}) signal(number, NameInput);
  const std::vector<std::string> seeds = FuzzSeeds();
  for (const std::string& seed : seeds) Feed(seed);
  for (int64_t i = first; i < first + count; ++i) {
    current = i;
    Feed(Mutator(seeds, i).Input());
  }
  std::cout << count << " inputs from " << seeds.size() << " seeds\n";
  return 0;
}

int RunFiles(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    Feed(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  return 0;
}

int Main(int argc, char** argv) {
  if (argc == 1) return RunMutations(0, kInputs);
  if (argc == 4 && std::string(argv[1]) == "--from") {
    return RunMutations(std::atoll(argv[2]), std::atoll(argv[3]));
  }
  return RunFiles(argc, argv);
}

}  // namespace
}  // namespace runnel

int main(int argc, char** argv) { return runnel::Main(argc, argv); }
