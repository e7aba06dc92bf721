// The machine's peak: multiply-adds that touch registers alone, on the widest vectors it has.
#ifndef RUNNEL_TESTS_BENCHMARK_PEAK_H_
#define RUNNEL_TESTS_BENCHMARK_PEAK_H_

#include "core/math/decode_precision.h"

namespace runnel {

// Operations a second (a multiply-add is 2) of `threads` threads at once in what products of this
// precision are computed with: f32 multiply-adds, also of bf16, or the dot product of bytes that
// int8 products use here. The best of several short runs; measured once each.
double Peak(DecodePrecision precision, int threads);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_PEAK_H_
