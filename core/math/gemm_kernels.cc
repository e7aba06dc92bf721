#include "core/math/gemm_kernels.h"

#include <algorithm>
#include <cstddef>
#include <utility>

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
           const typename Arithmetic::Element* row_scales,
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
  typename Arithmetic::Sum sum[kChains][kRowCount][kVectors];
  HWY_UNROLL(8)
  for (int i = 0; i < kRowCount; ++i) {
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) {
      HWY_UNROLL(8)
      for (int chain = 0; chain < kChains; ++chain)
        sum[chain][i][j] = hn::Zero(hn::DFromV<typename Arithmetic::Sum>());
    }
  }
  const auto* column_scales = panel;
  if constexpr (Arithmetic::kHasScales) panel += kVectors * lanes;
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
    const auto* row_scale = Arithmetic::kHasScales ? row_scales + i : nullptr;
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) {
      auto all = sum[0][i][j];
      HWY_UNROLL(8)
      for (int chain = 1; chain < kChains; ++chain) all = hn::Add(all, sum[chain][i][j]);
      Vector total = Arithmetic::Total(all, column_scales + j * lanes, row_scale);
      if (addend.data != nullptr) {
        total = hn::Add(hn::LoadU(d, addend.data + i * addend.row + j * lanes), total);
      }
      hn::StoreU(total, d, c + i * c_stride + j * lanes);
    }
  }
}

template <class Arithmetic>
using BlockFunction = decltype(&Block<Arithmetic, 1, 1>);

template <class Arithmetic, int kVectors, int... kRow>
BlockFunction<Arithmetic> BlockOf(int64_t rows, std::integer_sequence<int, kRow...>) {
  constexpr BlockFunction<Arithmetic> kBlocks[] = {Block<Arithmetic, kRow + 1, kVectors>...};
  return kBlocks[rows - 1];
}

template <class Arithmetic, int kVectors = Arithmetic::kPanelVectors>
BlockFunction<Arithmetic> BlockOf(int64_t rows, int64_t vectors) {
  if constexpr (kVectors > 1) {
    if (vectors < kVectors) return BlockOf<Arithmetic, kVectors - 1>(rows, vectors);
  }
  return BlockOf<Arithmetic, kVectors>(rows,
                                       std::make_integer_sequence<int, Arithmetic::kRowsMax>());
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
    const auto* scales = Arithmetic::kHasScales ? left.scales + first : nullptr;
    float* c_block = c + first * c_stride;
    const Addend added = At(addend, first, 0);
    const BlockFunction<Arithmetic> multiply = BlockOf<Arithmetic>(rows, vectors);
    if (n == vectors * lanes) {
      multiply(elements, a, left.row, a_col, scales, panel, added, c_block, c_stride);
      continue;
    }
    // The last vector reaches beyond C.
    constexpr int kSums = Arithmetic::kRowsMax * Arithmetic::kPanelVectors;
    HWY_ALIGN float wide[kSums * HWY_MAX_BYTES / sizeof(float)];
    const int64_t width = vectors * lanes;
    multiply(elements, a, left.row, a_col, scales, panel, {nullptr, 0}, wide, width);
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
  constexpr int64_t kDepth = Arithmetic::kDepth;
  const auto* panels = reinterpret_cast<const typename Arithmetic::Element*>(packed);
  const int64_t elements = Elements<Arithmetic>(k);
  const int64_t panel_rows = PanelRows<Arithmetic>(elements);
  for (int64_t m0 = 0; m0 < m; m0 += kRows) {
    const RowBlocks blocks(std::min(kRows, m - m0), Arithmetic::kRowsMax);
    for (int64_t k0 = 0; k0 < elements; k0 += kDepth) {
      const int64_t depth = std::min(kDepth, elements - k0);
      const int64_t first_k = k0 * Arithmetic::kPerElement;
      const Left<Arithmetic> part =
          MakeLeft<Arithmetic>(blocks, std::min(kDepth * Arithmetic::kPerElement, k - first_k),
                               {a.data + m0 * a.row + first_k * a.col, a.row, a.col}, left);
      for (int64_t first = 0, width; first < n; first += width) {
        width = PanelWidth<Arithmetic>(n - first);
        const auto* panel = panels + first * panel_rows + PanelRows<Arithmetic>(k0) * width;
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
constexpr GemmKernels kTable = {.packed_size = PackedSize<Arithmetic>,
                                .pack = Pack<Arithmetic>,
                                .multiply = Multiply<Arithmetic>,
                                .copies_rows = Arithmetic::kCopiesRows,
                                .left_size = LeftSize<Arithmetic>(),
                                .depth = Arithmetic::kDepth* Arithmetic::kPerElement,
                                .has_scales = Arithmetic::kHasScales};

}  // namespace

const GemmKernels& Table(TrainingPrecision precision) {
  if (precision == TrainingPrecision::kF32) return kTable<F32>;
  return With16Bits(
      [](auto arithmetic) -> const GemmKernels& { return kTable<decltype(arithmetic)>; });
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
