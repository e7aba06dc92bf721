// The functions that a fuzz target with seeds defines for its driver, mutated_seeds.cc.
#ifndef RUNNEL_TESTS_FUZZ_FUZZ_SEEDS_H_
#define RUNNEL_TESTS_FUZZ_FUZZ_SEEDS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// The entry point that libFuzzer calls. It must return for any input, and abort if something is
// wrong.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace runnel {

// Returns good inputs, of which the driver makes broken copies.
std::vector<std::string> FuzzSeeds();

}  // namespace runnel

#endif  // RUNNEL_TESTS_FUZZ_FUZZ_SEEDS_H_
