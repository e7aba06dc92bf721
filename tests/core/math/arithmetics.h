// Runs a test in every arithmetic that this processor can run, in addition to the one that training
// would choose on it.
#ifndef RUNNEL_TESTS_CORE_MATH_ARITHMETICS_H_
#define RUNNEL_TESTS_CORE_MATH_ARITHMETICS_H_

#include <gtest/gtest.h>

#include <vector>

#include "core/math/gemm_kernels.h"
#include "tests/core/math/bf16_model.h"
#include "tests/core/math/targets.h"

namespace runnel {

// While this lives, products in 16 bits use `kernels`.
class Scoped16BitKernels {
 public:
  explicit Scoped16BitKernels(const GemmKernels& kernels) { Set16BitGemmKernelsForTest(&kernels); }
  ~Scoped16BitKernels() { Set16BitGemmKernelsForTest(nullptr); }
  Scoped16BitKernels(const Scoped16BitKernels&) = delete;
  Scoped16BitKernels& operator=(const Scoped16BitKernels&) = delete;
};

// Calls `test` for each 16-bit arithmetic of each instruction set, the model of the bf16 dot
// product included, while products in 16 bits use it.
template <class Test>
void ForEach16BitKernels(const Test& test) {
  for (const int64_t target : MachineTargets()) {
    const ScopedTarget scoped_target(target);
    std::vector<const GemmKernels*> all = {&Bf16ModelKernels()};
    for (const GemmKernels* kernels : AllGemmKernels(TrainingPrecision::k16Bit)) {
      all.push_back(kernels);
    }
    for (const GemmKernels* kernels : all) {
      const Scoped16BitKernels scoped_kernels(*kernels);
      SCOPED_TRACE(testing::Message() << hwy::TargetName(target) << ", " << kernels->name);
      test(*kernels);
    }
  }
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_MATH_ARITHMETICS_H_
