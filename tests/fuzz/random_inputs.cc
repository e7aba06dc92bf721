// Drives a fuzz target where libFuzzer is not available: with the files on its command line, or
// with random bytes that are the same in every run.
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kRuns = 20'000;
constexpr uint32_t kBytesMax = 64;

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    Run(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  if (argc > 1) return 0;
  std::mt19937 random(1);
  for (int run = 0; run < kRuns; ++run) {
    std::string input(random() % kBytesMax, '\0');
    for (char& byte : input) byte = static_cast<char>(random());
    Run(input);
  }
  std::cout << kRuns << " random inputs\n";
  return 0;
}
