// The kernels of float products: a table of functions for each arithmetic and instruction set, of
// which one is chosen at run time. Callers use gemm.h, which describes the method.
#ifndef RUNNEL_CORE_MATH_GEMM_KERNELS_H_
#define RUNNEL_CORE_MATH_GEMM_KERNELS_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "core/math/matrix_view.h"
#include "core/math/training_precision.h"

namespace runnel {

// The matrix that a product is added to. Its rows are `row` floats apart; 0 adds the same row to
// all rows. Null data adds nothing.
struct Addend {
  const float* data;
  int64_t row;
};

// What a product is computed in.
enum class GemmArithmetic {
  kF32,
  kBf16,   // operands rounded to 8 significant bits, sums in f32
  kInt16,  // operands rounded to integers that share scales, sums in int32
};

struct GemmKernels {
  // The arithmetic and the instruction that it is computed by, for people.
  const char* name;
  GemmArithmetic arithmetic;
  // Bytes that a packed B [k x n] takes. Its layout is private to these functions.
  int64_t (*packed_b_size)(int64_t k, int64_t n);
  void (*pack_b)(MatrixView<const float> b, std::byte* packed_b);
  // C [m x n] = A [m x k] * B + addend. C's rows are contiguous; C may be the addend. Either A's
  // rows are contiguous or its columns are. `a_room` has room for `packed_a_size` bytes; it is not
  // used where A's rows are contiguous and `packs_a` is false.
  void (*multiply)(MatrixView<const float> a, const std::byte* packed_b, Addend addend,
                   MatrixView<float> c, std::byte* a_room);
  bool packs_a;
  int64_t packed_a_size;
  // The numbers along k that the kernels process at a time. A B that is packed for one product only
  // should be packed in parts of at most this k, which are then still in the cache when they are
  // read. In kInt16, a row of A and a column of B have a scale for each such part.
  int64_t kc;
  // The rows of A that the kernels process at a time. The order of a row's sums depends on the rows
  // that are processed with it, so a product that is computed in parts keeps its bits only if all
  // parts but the last have a multiple of this many rows.
  int64_t mc;
};

// The table that products of this precision use: the best that the processor can run.
const GemmKernels& GetGemmKernels(TrainingPrecision precision);

// All tables of this precision that the processor can run on the chosen instruction set, the best
// first.
absl::Span<const GemmKernels* const> AllGemmKernels(TrainingPrecision precision);

// Makes GetGemmKernels(TrainingPrecision::k16Bit) return `kernels`, for tests of tables that are
// not the processor's best; null ends this. Packed matrices must not be in use across a change.
void Set16BitGemmKernelsForTest(const GemmKernels* kernels);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_GEMM_KERNELS_H_
