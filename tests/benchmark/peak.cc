#include "tests/benchmark/peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "core/base/worker_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/benchmark/peak.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "core/math/byte_dot-inl.h"
#include "core/math/gemm_16_bits-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Runs `rounds` rounds of 10 independent multiply-adds and returns the number of operations. The
// sum goes to `sink`, so that the compiler cannot drop the work.
double MultiplyAdds(int64_t rounds, float* sink) {
  const hn::ScalableTag<float> d;
  const auto factor = hn::Set(d, 0.999999f);
  const auto term = hn::Set(d, 1e-6f);
  // Each sum starts from a different value, because the compiler would merge sums that are equal.
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

// Like MultiplyAdds, with independent dot products of bytes: as many as hide the latency and fit
// into the registers.
template <class Dot>
double RunByteDots(int64_t rounds, float* sink) {
  constexpr int kWeights = 2;
  constexpr int kColumns = Dot::kLanes > 8 ? 5 : 2;
  constexpr int kHalves = 8;
  int8_t bytes[kWeights * Dot::kLanes * kByteDotGroup];
  for (size_t i = 0; i < sizeof(bytes); ++i)
    bytes[i] = static_cast<int8_t>(static_cast<int>(*sink) + 7 * i);
  // The operands of a round are loaded, because the compiler would multiply constants only once.
  int32_t halves[kHalves + kColumns + 1];
  for (int i = 0; i <= kHalves + kColumns; ++i) halves[i] = static_cast<int32_t>(*sink) + i;
  typename Dot::Weights weights[kWeights][2];
  for (int w = 0; w < kWeights; ++w) {
    for (int h = 0; h < 2; ++h) {
      weights[w][h] = Dot::Load(bytes + (2 * w + h) * Dot::kLanes * kByteDotHalf);
    }
  }
  typename Dot::Sum sums[kColumns][kWeights];
  for (auto& column : sums) {
    for (auto& sum : column) sum = Dot::Zero();
  }
  for (int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
      const auto x0 = Dot::Repeat(halves[i % kHalves + c]);
      const auto x1 = Dot::Repeat(halves[i % kHalves + c + 1]);
#pragma GCC unroll 8
      for (int w = 0; w < kWeights; ++w) {
        sums[c][w] = Dot::Add(sums[c][w], weights[w][0], weights[w][1], x0, x1);
      }
    }
  }
  int32_t all = 0;
  for (const auto& column : sums) {
    for (const auto& sum : column) {
      int32_t lanes[Dot::kLanes];
      Dot::Store(sum, lanes);
      for (const int32_t lane : lanes) all ^= lane;
    }
  }
  *sink = static_cast<float>(all % 2);
  return 2.0 * kColumns * kWeights * static_cast<double>(rounds * Dot::kLanes * kByteDotGroup);
}

// Like MultiplyAdds, with the 16-bit products of training.
template <class Arithmetic16>
double RunProductsOf16Bits(int64_t rounds, float* sink) {
  constexpr int kRows = Arithmetic16::kMr;
  constexpr int kVectors = 2;
  using Element = typename Arithmetic16::Element;
  using Sum = typename Arithmetic16::Sum;
  const hn::DFromV<Sum> d;
  // The operands of a round differ, because the compiler would multiply equal ones only once.
  constexpr int kTurns = 8;
  Element rows[kRows + kTurns];
  Element columns[kVectors * HWY_MAX_BYTES / sizeof(Element)];
  for (int i = 0; i < kRows + kTurns; ++i) rows[i] = static_cast<Element>(0x3F80'3F7F + i);
  std::fill(std::begin(columns), std::end(columns), static_cast<Element>(0x2000'2001));
  Sum sums[kRows][kVectors];
  HWY_UNROLL(8)
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kVectors; ++j)
      sums[i][j] = hn::Set(d, static_cast<int>(*sink) + kVectors * i + j);
  }
  for (int64_t i = 0; i < rounds; ++i) {
    Arithmetic16::Step(rows + i % kTurns, 1, columns, sums);
  }
  auto all = sums[0][0];
  HWY_UNROLL(8)
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kVectors; ++j) all = hn::Xor(all, sums[i][j]);
  }
  *sink = hn::GetLane(all) == 0 ? 1.0f : 2.0f;
  return 2.0 * kRows * kVectors * Arithmetic16::kPerElement * static_cast<double>(rounds * Lanes());
}

double ProductsOf16Bits(int64_t rounds, float* sink) {
  double operations = 0;
  ForEach16BitArithmetic([&](auto arithmetic) {
    // Only the first, which is the one that training uses.
    if (operations == 0) operations = RunProductsOf16Bits<decltype(arithmetic)>(rounds, sink);
  });
  return operations;
}

double ByteDots(int64_t rounds, float* sink) {
  return WithByteDot([&](auto dot) { return RunByteDots<decltype(dot)>(rounds, sink); });
}

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {

HWY_EXPORT(MultiplyAdds);
HWY_EXPORT(ProductsOf16Bits);
HWY_EXPORT(ByteDots);

namespace {

double Run(Arithmetic arithmetic, int64_t rounds, float* sink) {
  switch (arithmetic) {
    case Arithmetic::kF32:
      return HWY_DYNAMIC_DISPATCH(MultiplyAdds)(rounds, sink);
    case Arithmetic::k16Bits:
      return HWY_DYNAMIC_DISPATCH(ProductsOf16Bits)(rounds, sink);
    case Arithmetic::kBytes:
      return HWY_DYNAMIC_DISPATCH(ByteDots)(rounds, sink);
  }
  return 0;
}

}  // namespace

double Peak(Arithmetic arithmetic, int threads) {
  static std::map<std::pair<Arithmetic, int>, double> measured;
  const auto [found, is_new] = measured.try_emplace({arithmetic, threads});
  double& best = found->second;
  if (!is_new) return best;
  constexpr int kRuns = 20;
  constexpr int64_t kRounds = 4'000'000;
  WorkerPool pool(threads);
  std::vector<float> sinks(threads, 1.0f);
  std::vector<double> operations(threads);
  for (int run = 0; run < kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    pool.Run(threads, [&](int i) { operations[i] = Run(arithmetic, kRounds, &sinks[i]); });
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::max(best, operations[0] * threads / taken.count());
  }
  return best;
}

}  // namespace runnel
#endif  // HWY_ONCE
