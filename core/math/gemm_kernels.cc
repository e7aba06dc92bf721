#include "core/math/gemm_kernels.h"

#include <atomic>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/math/gemm_kernels.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "core/math/gemm_16_bits-inl.h"
#include "core/math/gemm_kernels-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

std::vector<const GemmKernels*> Find16BitKernels() {
  std::vector<const GemmKernels*> found;
  ForEach16BitArithmetic(
      [&](auto arithmetic) { found.push_back(&kGemmKernels<decltype(arithmetic)>); });
  return found;
}

}  // namespace

absl::Span<const GemmKernels* const> Kernels(TrainingPrecision precision) {
  static constexpr const GemmKernels* kOfF32[] = {&kGemmKernels<F32>};
  static const std::vector<const GemmKernels*> of_16_bits = Find16BitKernels();
  if (precision == TrainingPrecision::kF32) return kOfF32;
  return of_16_bits;
}

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {
namespace {

HWY_EXPORT(Kernels);

std::atomic<const GemmKernels*> kernels_of_test{nullptr};

}  // namespace

absl::Span<const GemmKernels* const> AllGemmKernels(TrainingPrecision precision) {
  return HWY_DYNAMIC_DISPATCH(Kernels)(precision);
}

const GemmKernels& GetGemmKernels(TrainingPrecision precision) {
  if (precision == TrainingPrecision::k16Bit) {
    const GemmKernels* kernels = kernels_of_test.load(std::memory_order_relaxed);
    if (kernels != nullptr) return *kernels;
  }
  return *AllGemmKernels(precision)[0];
}

void Set16BitGemmKernelsForTest(const GemmKernels* kernels) { kernels_of_test = kernels; }

}  // namespace runnel
#endif  // HWY_ONCE
