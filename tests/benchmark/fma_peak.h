// The machine's peak: multiply-adds that touch registers alone, on the widest vectors it has.
#ifndef RUNNEL_TESTS_BENCHMARK_FMA_PEAK_H_
#define RUNNEL_TESTS_BENCHMARK_FMA_PEAK_H_

namespace runnel {

// f32 operations a second (a multiply-add is 2) of `threads` threads at once; the best of several
// short runs. Measured once for each number of threads.
double FmaPeakF32(int threads);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_FMA_PEAK_H_
