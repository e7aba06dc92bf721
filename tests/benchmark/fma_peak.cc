#include "tests/benchmark/fma_peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "core/math/worker_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/benchmark/fma_peak.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Runs `rounds` rounds of 10 independent multiply-adds; returns the operations done. The sum goes
// to `sink`, so that the compiler cannot leave them out.
double MultiplyAdds(int64_t rounds, float* sink) {
  const hn::ScalableTag<float> d;
  const auto factor = hn::Set(d, 0.999999f);
  const auto term = hn::Set(d, 1e-6f);
  // Each sum begins elsewhere: the compiler would make one of those that are equal throughout.
  const auto begin = [&](int i) HWY_ATTR { return hn::Set(d, *sink + 0.01f * i); };
  auto a0 = begin(0), a1 = begin(1), a2 = begin(2), a3 = begin(3), a4 = begin(4);
  auto a5 = begin(5), a6 = begin(6), a7 = begin(7), a8 = begin(8), a9 = begin(9);
  for (int64_t i = 0; i < rounds; ++i) {
    a0 = hn::MulAdd(a0, factor, term);
    a1 = hn::MulAdd(a1, factor, term);
    a2 = hn::MulAdd(a2, factor, term);
    a3 = hn::MulAdd(a3, factor, term);
    a4 = hn::MulAdd(a4, factor, term);
    a5 = hn::MulAdd(a5, factor, term);
    a6 = hn::MulAdd(a6, factor, term);
    a7 = hn::MulAdd(a7, factor, term);
    a8 = hn::MulAdd(a8, factor, term);
    a9 = hn::MulAdd(a9, factor, term);
  }
  const auto low = hn::Add(hn::Add(a0, a1), hn::Add(a2, a3));
  const auto high = hn::Add(hn::Add(a4, a5), hn::Add(a6, a7));
  const auto all = hn::Add(hn::Add(low, high), hn::Add(a8, a9));
  *sink = hn::GetLane(hn::SumOfLanes(d, all));
  return 2.0 * 10 * static_cast<double>(rounds) * static_cast<double>(hn::Lanes(d));
}

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {

HWY_EXPORT(MultiplyAdds);

double FmaPeakF32(int threads) {
  static std::map<int, double> measured;
  if (const auto found = measured.find(threads); found != measured.end()) return found->second;
  constexpr int kRuns = 20;
  constexpr int64_t kRounds = 4'000'000;
  WorkerPool pool(threads);
  std::vector<float> sinks(threads, 1.0f);
  std::vector<double> operations(threads);
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    pool.Run(threads, [&](int i) {
      operations[i] = HWY_DYNAMIC_DISPATCH(MultiplyAdds)(kRounds, &sinks[i]);
    });
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::max(best, operations[0] * threads / taken.count());
  }
  return measured[threads] = best;
}

}  // namespace runnel
#endif  // HWY_ONCE
