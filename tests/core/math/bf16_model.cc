#include "tests/core/math/bf16_model.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/core/math/bf16_model.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "core/math/gemm_bf16-inl.h"
#include "core/math/gemm_kernels-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

struct AddBf16DotsByModel {
  static constexpr const char* kName = "bf16 (model)";

  template <int kVectors>
  static HWY_NOINLINE void Add(const int32_t* a, const Pairs (&columns)[kVectors],
                               Vector (&sum)[kVectors]) {
    HWY_ALIGN int32_t pairs[HWY_MAX_BYTES / sizeof(int32_t)];
    HWY_ALIGN float sums[HWY_MAX_BYTES / sizeof(float)];
    for (int j = 0; j < kVectors; ++j) {
      hn::Store(columns[j], PairTag(), pairs);
      hn::Store(sum[j], Tag(), sums);
      for (int64_t i = 0; i < Lanes(); ++i) sums[i] = Bf16DotModel(sums[i], *a, pairs[i]);
      sum[j] = hn::Load(Tag(), sums);
    }
  }
};

}  // namespace

bool DotByInstruction([[maybe_unused]] float* sum, [[maybe_unused]] uint32_t a,
                      [[maybe_unused]] uint32_t b) {
#if HWY_TARGET == HWY_AVX3
  if (!__builtin_cpu_supports("avx512bf16")) return false;
  const auto row = static_cast<int32_t>(a);
  const Pairs columns[] = {hn::Set(PairTag(), static_cast<int32_t>(b))};
  Vector sums[] = {hn::Set(Tag(), *sum)};
  AddBf16Dots::Add(&row, columns, sums);
  *sum = hn::GetLane(sums[0]);
  return true;
#else
  return false;
#endif
}

const GemmKernels& ModelKernels() { return kGemmKernels<Bf16<AddBf16DotsByModel>>; }

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {
namespace {

HWY_EXPORT(DotByInstruction);
HWY_EXPORT(ModelKernels);

}  // namespace

bool Bf16DotByInstruction(float* sum, uint32_t a, uint32_t b) {
  return HWY_DYNAMIC_DISPATCH(DotByInstruction)(sum, a, b);
}

const GemmKernels& Bf16ModelKernels() { return HWY_DYNAMIC_DISPATCH(ModelKernels)(); }

}  // namespace runnel
#endif  // HWY_ONCE
