// The machine's peak: multiply-adds that touch registers alone, on the widest vectors it has.
#ifndef RUNNEL_TESTS_BENCHMARK_PEAK_H_
#define RUNNEL_TESTS_BENCHMARK_PEAK_H_

namespace runnel {

// What products are computed with: multiply-adds of f32; those of training in bf16, which are the
// best of 16-bit numbers that the machine has; the dot product of bytes of int8 decoding.
enum class Arithmetic { kF32, k16Bits, kBytes };

// Operations a second (a multiply-add is 2) of `threads` threads at once. The best of several short
// runs; measured once each.
double Peak(Arithmetic arithmetic, int threads);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_PEAK_H_
