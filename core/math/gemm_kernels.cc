#include "core/math/gemm_kernels.h"

#include <algorithm>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/math/gemm_kernels.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "core/math/gemm_arithmetic-inl.h"
#include "core/math/gemm_packing-inl.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

// Sums that are under way at once, at least: two multiply-adds a cycle of four cycles' latency.
constexpr int kSumsMin = 8;

// C [kRowCount x kVectors] = A * panel + addend over `depth` elements.
template <class Arithmetic, int kRowCount, int kVectors>
void Block(int64_t depth, const typename Arithmetic::Element* a, int64_t a_row, int64_t a_col,
           const typename Arithmetic::Element* panel, Addend addend, float* c, int64_t c_stride) {
  const Tag d;
  const int64_t lanes = Lanes();
  // C is wanted at the end, all at once.
  for (int i = 0; i < kRowCount; ++i) {
    for (int j = 0; j < kVectors; ++j) hwy::Prefetch(c + i * c_stride + j * lanes);
  }
  // Few sums would wait for each other: then several chains take turns in k and are added at the
  // end.
  constexpr int kChains = std::max(1, kSumsMin / (kRowCount * kVectors));
  Vector sum[kChains][kRowCount][kVectors];
  HWY_UNROLL(8)
  for (int i = 0; i < kRowCount; ++i) {
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) {
      HWY_UNROLL(8)
      for (int chain = 0; chain < kChains; ++chain) sum[chain][i][j] = hn::Zero(d);
    }
  }
  int64_t k = 0;
  for (; k + kChains <= depth; k += kChains) {
    HWY_UNROLL(8)
    for (int chain = 0; chain < kChains; ++chain) {
      Arithmetic::Step(a, a_row, panel, sum[chain]);
      a += a_col;
      panel += kVectors * lanes;
    }
  }
  for (; k < depth; ++k) {
    Arithmetic::Step(a, a_row, panel, sum[0]);
    a += a_col;
    panel += kVectors * lanes;
  }
  HWY_UNROLL(8)
  for (int i = 0; i < kRowCount; ++i) {
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) {
      Vector total = sum[0][i][j];
      HWY_UNROLL(8)
      for (int chain = 1; chain < kChains; ++chain) total = hn::Add(total, sum[chain][i][j]);
      if (addend.data != nullptr) {
        total = hn::Add(hn::LoadU(d, addend.data + i * addend.row + j * lanes), total);
      }
      hn::StoreU(total, d, c + i * c_stride + j * lanes);
    }
  }
}

template <class Arithmetic>
using BlockFunction = void (*)(int64_t, const typename Arithmetic::Element*, int64_t, int64_t,
                               const typename Arithmetic::Element*, Addend, float*, int64_t);

template <class Arithmetic, int kVectors>
BlockFunction<Arithmetic> BlockOf(int64_t rows) {
  constexpr BlockFunction<Arithmetic> kBlocks[] = {
    Block<Arithmetic, 1, kVectors>,
    Block<Arithmetic, 2, kVectors>,
    Block<Arithmetic, 3, kVectors>,
    Block<Arithmetic, 4, kVectors>,
#if HWY_TARGET <= HWY_AVX3
    Block<Arithmetic, 5, kVectors>,
    Block<Arithmetic, 6, kVectors>,
    Block<Arithmetic, 7, kVectors>,
    Block<Arithmetic, 8, kVectors>,
#endif
  };
  return kBlocks[rows - 1];
}

template <class Arithmetic>
BlockFunction<Arithmetic> BlockOf(int64_t rows, int64_t vectors) {
  switch (vectors) {
    case 1:
      return BlockOf<Arithmetic, 1>(rows);
    case 2:
      return BlockOf<Arithmetic, 2>(rows);
    default:
      return BlockOf<Arithmetic, 3>(rows);
  }
}

// The addend of the part of C that begins there.
HWY_INLINE Addend At(Addend addend, int64_t row, int64_t col) {
  if (addend.data != nullptr) addend.data += row * addend.row + col;
  return addend;
}

// One panel: columns [0, n) of C, n at most a panel's width.
template <class Arithmetic>
void MultiplyPanel(const RowBlocks& blocks, int64_t n, int64_t elements,
                   const Left<Arithmetic>& left, const typename Arithmetic::Element* panel,
                   Addend addend, float* c, int64_t c_stride) {
  const int64_t lanes = Lanes();
  const int64_t vectors = (n + lanes - 1) / lanes;
  for (int64_t block = 0; block < blocks.count; ++block) {
    const int64_t first = blocks.First(block);
    const int64_t rows = blocks.First(block + 1) - first;
    const auto* a = left.data + first * left.block;
    const int64_t a_col = left.col == 0 ? rows : left.col;
    float* c_block = c + first * c_stride;
    const Addend added = At(addend, first, 0);
    const BlockFunction<Arithmetic> multiply = BlockOf<Arithmetic>(rows, vectors);
    if (n == vectors * lanes) {
      multiply(elements, a, left.row, a_col, panel, added, c_block, c_stride);
      continue;
    }
    // The last vector reaches beyond C.
    HWY_ALIGN float wide[kRowsMax * kPanelVectors * HWY_MAX_BYTES / sizeof(float)];
    const int64_t width = vectors * lanes;
    multiply(elements, a, left.row, a_col, panel, {nullptr, 0}, wide, width);
    for (int64_t i = 0; i < rows; ++i) {
      float* to = c_block + i * c_stride;
      const float* from = wide + i * width;
      if (added.data == nullptr) {
        for (int64_t j = 0; j < n; ++j) to[j] = from[j];
      } else {
        for (int64_t j = 0; j < n; ++j) to[j] = added.data[i * added.row + j] + from[j];
      }
    }
  }
}

template <class Arithmetic>
void Multiply(int64_t m, int64_t n, int64_t k, StridedView a, const std::byte* packed,
              Addend addend, float* c, int64_t c_stride, std::byte* left) {
  using Element = typename Arithmetic::Element;
  const auto* panels = reinterpret_cast<const Element*>(packed);
  const int64_t elements = Elements<Arithmetic>(k);
  for (int64_t m0 = 0; m0 < m; m0 += kRows) {
    const RowBlocks blocks(std::min(kRows, m - m0));
    for (int64_t k0 = 0; k0 < elements; k0 += kDepth) {
      const int64_t depth = std::min(kDepth, elements - k0);
      const int64_t first_k = k0 * Arithmetic::kPerElement;
      const Left<Arithmetic> part = MakeLeft<Arithmetic>(
          blocks, std::min(kDepth * Arithmetic::kPerElement, k - first_k),
          {a.data + m0 * a.row + first_k * a.col, a.row, a.col}, reinterpret_cast<Element*>(left));
      for (int64_t first = 0, width; first < n; first += width) {
        width = PanelWidth(n - first);
        const Element* panel = panels + first * elements + k0 * width;
        float* c_part = c + m0 * c_stride + first;
        // After the first part of k, to what the parts before have made.
        const Addend added = k0 == 0 ? At(addend, m0, first) : Addend{c_part, c_stride};
        MultiplyPanel<Arithmetic>(blocks, std::min(width, n - first), depth, part, panel, added,
                                  c_part, c_stride);
      }
    }
  }
}

template <class Arithmetic>
constexpr GemmKernels kTable = {
    .packed_size = PackedSize<Arithmetic>,
    .pack = Pack<Arithmetic>,
    .multiply = Multiply<Arithmetic>,
    .copies_rows = Arithmetic::kCopiesRows,
    .left_size = kRows* kDepth* int64_t{sizeof(typename Arithmetic::Element)},
    .depth = kDepth* Arithmetic::kPerElement};

}  // namespace

const GemmKernels& Table(TrainingPrecision precision) {
  if (precision == TrainingPrecision::kF32) return kTable<F32>;
  return WithBf16([](auto bf16) -> const GemmKernels& { return kTable<decltype(bf16)>; });
}

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {

HWY_EXPORT(Table);

const GemmKernels& GetGemmKernels(TrainingPrecision precision) {
  return HWY_DYNAMIC_DISPATCH(Table)(precision);
}

}  // namespace runnel
#endif  // HWY_ONCE
