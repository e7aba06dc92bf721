// What a fuzz target with seeds gives its driver, mutated_seeds.cc.
#ifndef RUNNEL_TESTS_FUZZ_FUZZ_SEEDS_H_
#define RUNNEL_TESTS_FUZZ_FUZZ_SEEDS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// libFuzzer's entry: must come back from any input, and abort if something is wrong.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace runnel {

// Good inputs, which the driver breaks.
std::vector<std::string> FuzzSeeds();

}  // namespace runnel

#endif  // RUNNEL_TESTS_FUZZ_FUZZ_SEEDS_H_
