// Measures the machine's peak: multiply-adds that touch only registers, on its widest vectors.
#ifndef RUNNEL_TESTS_BENCHMARK_PEAK_H_
#define RUNNEL_TESTS_BENCHMARK_PEAK_H_

namespace runnel {

// The arithmetic of a product: f32 multiply-adds; the fastest 16-bit products that the machine has,
// which `--precision bf16` trains with; or the dot product of bytes, which int8 decoding uses.
enum class Arithmetic { kF32, k16Bits, kBytes };

// Returns the operations a second (a multiply-add counts as 2) of `threads` threads that run at
// once: the best of several short runs. Each result is measured once and remembered.
double Peak(Arithmetic arithmetic, int threads);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_PEAK_H_
