#include "core/math/training_kernels.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/math/training_kernels.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "core/math/activations-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

template <typename Real>
void Add(int64_t n, const Real* a, const Real* b, Real* out) {
  ForEachVector<Real>(n, [&](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(hn::Add(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, out + i);
  });
}

template <typename Real>
void AddRows(int64_t rows, int64_t n, const Real* x, int64_t stride, Real* out) {
  constexpr int64_t kRows = 8;  // One pass over `out` adds this many rows.
  for (int64_t first = 0; first < rows; first += kRows, x += kRows * stride) {
    const int64_t count = rows - first < kRows ? rows - first : kRows;
    ForEachVector<Real>(n, [&](auto d, int64_t i) HWY_ATTR {
      auto sum = hn::LoadU(d, out + i);
      for (int64_t r = 0; r < count; ++r) sum = hn::Add(sum, hn::LoadU(d, x + r * stride + i));
      hn::StoreU(sum, d, out + i);
    });
  }
}

template <typename Real>
void AddScaled(int64_t n, Real scale, const Real* x, Real* out) {
  ForEachVector<Real>(n, [&](auto d, int64_t i) HWY_ATTR {
    const auto sum = hn::MulAdd(hn::Set(d, scale), hn::LoadU(d, x + i), hn::LoadU(d, out + i));
    hn::StoreU(sum, d, out + i);
  });
}

template <typename Real>
void Multiply(int64_t n, const Real* a, const Real* b, Real* out) {
  ForEachVector<Real>(n, [&](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, out + i);
  });
}

template <typename Real>
double SoftmaxCrossEntropy(int64_t v, int64_t target, Real scale, Real* logits) {
  const hn::ScalableTag<Real> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t whole = v - v % lanes;

  auto max_vector = hn::Set(d, logits[0]);
  for (int64_t i = 0; i < whole; i += lanes) {
    max_vector = hn::Max(max_vector, hn::LoadU(d, logits + i));
  }
  Real max = hn::GetLane(hn::MaxOfLanes(d, max_vector));
  for (int64_t i = whole; i < v; ++i) max = logits[i] > max ? logits[i] : max;

  const Real target_logit = logits[target] - max;
  auto sum_vector = hn::Zero(d);
  for (int64_t i = 0; i < whole; i += lanes) {
    const auto e = ExpOfNegative(d, hn::Sub(hn::LoadU(d, logits + i), hn::Set(d, max)));
    hn::StoreU(e, d, logits + i);
    sum_vector = hn::Add(sum_vector, e);
  }
  Real sum = hn::GetLane(hn::SumOfLanes(d, sum_vector));
  const hn::CappedTag<Real, 1> d1;
  for (int64_t i = whole; i < v; ++i) {
    hn::StoreU(ExpOfNegative(d1, hn::Set(d1, logits[i] - max)), d1, logits + i);
    sum += logits[i];
  }

  const Real factor = scale / sum;
  ForEachVector<Real>(v, [&](auto dt, int64_t i) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::LoadU(dt, logits + i), hn::Set(dt, factor)), dt, logits + i);
  });
  logits[target] -= scale;
  return std::log(static_cast<double>(sum)) - static_cast<double>(target_logit);
}

template <typename Real>
double SumOfSquares(int64_t n, const Real* x) {
  const hn::ScalableTag<Real> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sum_vector = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto xi = hn::LoadU(d, x + i);
    sum_vector = hn::MulAdd(xi, xi, sum_vector);
  }
  double sum = static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum_vector)));
  for (; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}

template <typename Real>
void Clip(int64_t n, Real bound, Real* x) {
  ForEachVector<Real>(n, [&](auto d, int64_t i) HWY_ATTR {
    const auto xi = hn::LoadU(d, x + i);
    const auto b = hn::Set(d, bound);
    const auto clipped = hn::Min(hn::Max(xi, hn::Neg(b)), b);
    hn::StoreU(hn::IfThenElse(hn::Eq(xi, xi), clipped, xi), d, x + i);
  });
}

template <typename Real>
void MoveTowards(int64_t n, Real rate, const Real* x, Real* out) {
  ForEachVector<Real>(n, [&](auto d, int64_t i) HWY_ATTR {
    const auto from = hn::LoadU(d, out + i);
    const auto way = hn::Sub(hn::LoadU(d, x + i), from);
    hn::StoreU(hn::MulAdd(hn::Set(d, rate), way, from), d, out + i);
  });
}

template <typename Real>
constexpr TrainingKernels<Real> kTable = {
    .add = Add<Real>,
    .add_rows = AddRows<Real>,
    .add_scaled = AddScaled<Real>,
    .multiply = Multiply<Real>,
    .softmax_cross_entropy = SoftmaxCrossEntropy<Real>,
    .sum_of_squares = SumOfSquares<Real>,
    .clip = Clip<Real>,
    .move_towards = MoveTowards<Real>,
};

}  // namespace

const TrainingKernels<float>& TableF32() { return kTable<float>; }
const TrainingKernels<double>& TableF64() { return kTable<double>; }

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {

HWY_EXPORT(TableF32);
HWY_EXPORT(TableF64);

template <>
const TrainingKernels<float>& GetTrainingKernels<float>() {
  return HWY_DYNAMIC_DISPATCH(TableF32)();
}

template <>
const TrainingKernels<double>& GetTrainingKernels<double>() {
  return HWY_DYNAMIC_DISPATCH(TableF64)();
}

}  // namespace runnel
#endif  // HWY_ONCE
