// The matrix products of training: C = A B, where a row of A is, for example, the hidden state of
// one lane, B holds the weights, and a row of C the gates of that lane.
//
// A product of large matrices is fast if the processor multiplies numbers that are in its registers
// and caches, because it multiplies far faster than it reads memory. So B is first copied
// ("packed") into panels of a few columns, in the order in which they will be read. Then a small
// piece of C is kept in registers while one panel and a few rows of A stream by, and each number
// that is loaded is used many times. Weights are the B of many products and are packed once for all
// (GemmWeights).
//
// Floats run on kernels of our own (gemm_kernels.h), which are faster than oneDNN's at the shapes
// of training; in a 16-bit TrainingPrecision they round A and B while they pack them. Doubles, with
// which tests compare floats, run on Eigen. All products run on the calling thread, and their order
// of summation depends only on the shapes.
#ifndef RUNNEL_CORE_MATH_GEMM_H_
#define RUNNEL_CORE_MATH_GEMM_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/base/interruption.h"
#include "core/math/aligned_vector.h"
#include "core/math/matrix_view.h"
#include "core/math/training_precision.h"

namespace runnel {

// What a product does to C's old values.
enum class GemmUpdate {
  kAssign,  // C = A B. The old values of C are not read.
  kAdd,     // C += A B
};

struct GemmOptions {
  GemmUpdate update = GemmUpdate::kAssign;
  TrainingPrecision precision = TrainingPrecision::kF32;  // Doubles ignore it.
};

// Buffers that products reuse from call to call. They grow to the largest size that is needed. Only
// one thread may use them at a time.
struct GemmScratch {
  AlignedVector<std::byte> left;   // A packed block of A, unless A is read in place.
  AlignedVector<std::byte> right;  // The packed B.
  // If this is not null, float products ask it about every 2^30 multiply-adds whether to stop. An
  // interrupted product returns with undefined values in C.
  Interruption* interruption = nullptr;
};

// C [m x n] = A [m x k] * B [k x n], or C += A * B. A and B may be transposed views; C's rows are
// contiguous.
template <typename Real>
void Gemm(MatrixView<const Real> a, MatrixView<const Real> b, MatrixView<Real> c,
          const GemmOptions& options, GemmScratch* scratch);
// The same for occasional products, with buffers of its own.
template <typename Real>
void Gemm(MatrixView<const Real> a, MatrixView<const Real> b, MatrixView<Real> c,
          const GemmOptions& options = {}) {
  GemmScratch scratch;
  Gemm<Real>(a, b, c, options, &scratch);
}

// A packed copy of a right-hand side B [k x n] that many products share. Once it is assigned,
// threads may share it.
template <typename Real>
class GemmWeights {
 public:
  GemmWeights() = default;
  GemmWeights(int64_t k, int64_t n, TrainingPrecision precision);

  // Packs B [k x n], which may be a transposed view.
  void Assign(MatrixView<const Real> b);

  // C [m x n] = A [m x k] * B, or C += A * B. The rows of A and C are contiguous.
  void Multiply(MatrixView<const Real> a, MatrixView<Real> c, GemmUpdate update,
                GemmScratch* scratch) const;
  // C [m x n] = A [m x k] * B + `row` [n], which is added to each row.
  void MultiplyAddRow(MatrixView<const Real> a, const Real* row, MatrixView<Real> c,
                      GemmScratch* scratch) const;

 private:
  using Stored = std::conditional_t<std::is_same_v<Real, float>, std::byte, Real>;

  int64_t k_ = 0;
  int64_t n_ = 0;
  TrainingPrecision precision_ = TrainingPrecision::kF32;
  AlignedVector<Stored> values_;
};

// B [cols x rows] = the transpose of A [rows x cols].
template <typename Real>
void TransposeInto(int64_t rows, int64_t cols, const Real* a, Real* b);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_GEMM_H_
