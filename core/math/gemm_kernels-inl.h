// The kernels of float products, for every arithmetic of gemm_arithmetic-inl.h. The loops are those
// of BLIS (Van Zee and van de Geijn, "BLIS: A Framework for Rapidly Instantiating BLAS
// Functionality", 2015): a micro-kernel multiplies a stripe of A [mr x kc] by a panel of B [kc x
// nr], with the tile of C [mr x nr] in registers. Compiled once for each instruction set.
#if defined(RUNNEL_CORE_MATH_GEMM_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_GEMM_KERNELS_INL_H_
#undef RUNNEL_CORE_MATH_GEMM_KERNELS_INL_H_
#else
#define RUNNEL_CORE_MATH_GEMM_KERNELS_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/math/gemm_arithmetic-inl.h"
#include "core/math/gemm_kernels.h"
#include "core/math/gemm_packing-inl.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

// The number of sums that must be independent to keep the processor busy: it starts two
// multiply-adds a cycle, and each takes four cycles.
constexpr int kSumsMin = 8;

// The micro-kernel: C [kRows x kVectors] = A * panel + addend over `depth` elements.
template <class Arithmetic, int kRows, int kVectors>
void MicroKernel(int64_t depth, const typename Arithmetic::Element* a, int64_t a_row, int64_t a_col,
                 const typename Arithmetic::Element* row_scales,
                 const typename Arithmetic::Element* panel, Addend addend, float* c,
                 int64_t c_stride) {
  const Tag d;
  const int64_t lanes = Lanes();
  // All of C is needed at once at the end.
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kVectors; ++j) hwy::Prefetch(c + i * c_stride + j * lanes);
  }
  // A small tile has too few independent sums to keep the processor busy. It therefore splits k
  // among several sums per element, which are added up at the end.
  constexpr int kChains = std::max(1, kSumsMin / (kRows * kVectors));
  typename Arithmetic::Sum sum[kChains][kRows][kVectors];
  HWY_UNROLL(8)
  for (int i = 0; i < kRows; ++i) {
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
  for (int i = 0; i < kRows; ++i) {
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
using MicroKernelFunction = decltype(&MicroKernel<Arithmetic, 1, 1>);

template <class Arithmetic, int kVectors, int... kRow>
MicroKernelFunction<Arithmetic> MicroKernelOf(int64_t rows, std::integer_sequence<int, kRow...>) {
  constexpr MicroKernelFunction<Arithmetic> kKernels[] = {
      MicroKernel<Arithmetic, kRow + 1, kVectors>...};
  return kKernels[rows - 1];
}

template <class Arithmetic, int kVectors = Arithmetic::kNrVectors>
MicroKernelFunction<Arithmetic> MicroKernelOf(int64_t rows, int64_t vectors) {
  if constexpr (kVectors > 1) {
    if (vectors < kVectors) return MicroKernelOf<Arithmetic, kVectors - 1>(rows, vectors);
  }
  return MicroKernelOf<Arithmetic, kVectors>(rows,
                                             std::make_integer_sequence<int, Arithmetic::kMr>());
}

// The addend of the part of C that begins at (row, col).
HWY_INLINE Addend At(Addend addend, int64_t row, int64_t col) {
  if (addend.data != nullptr) addend.data += row * addend.row + col;
  return addend;
}

// Multiplies a block of A by one panel, whose n columns make columns [0, n) of C.
template <class Arithmetic>
void MultiplyPanel(const Stripes& stripes, int64_t n, int64_t elements,
                   const PackedA<Arithmetic>& block, const typename Arithmetic::Element* panel,
                   Addend addend, float* c, int64_t c_stride) {
  const int64_t lanes = Lanes();
  const int64_t vectors = (n + lanes - 1) / lanes;
  for (int64_t stripe = 0; stripe < stripes.count; ++stripe) {
    const int64_t first = stripes.First(stripe);
    const int64_t rows = stripes.First(stripe + 1) - first;
    const auto* a = block.data + first * block.stripe;
    const int64_t a_col = block.col == 0 ? rows : block.col;
    const auto* scales = Arithmetic::kHasScales ? block.scales + first : nullptr;
    float* c_stripe = c + first * c_stride;
    const Addend added = At(addend, first, 0);
    const MicroKernelFunction<Arithmetic> multiply = MicroKernelOf<Arithmetic>(rows, vectors);
    if (n == vectors * lanes) {
      multiply(elements, a, block.row, a_col, scales, panel, added, c_stripe, c_stride);
      continue;
    }
    // The last vector extends beyond C.
    constexpr int kSums = Arithmetic::kMr * Arithmetic::kNrVectors;
    HWY_ALIGN float wide[kSums * HWY_MAX_BYTES / sizeof(float)];
    const int64_t width = vectors * lanes;
    multiply(elements, a, block.row, a_col, scales, panel, {nullptr, 0}, wide, width);
    for (int64_t i = 0; i < rows; ++i) {
      float* to = c_stripe + i * c_stride;
      const float* from = wide + i * width;
      if (added.data == nullptr) {
        for (int64_t j = 0; j < n; ++j) to[j] = from[j];
      } else {
        for (int64_t j = 0; j < n; ++j) to[j] = added.data[i * added.row + j] + from[j];
      }
    }
  }
}

// C [m x n] = A * B + addend: for each block of A [kMc x kKc], all panels of B.
template <class Arithmetic>
void Multiply(MatrixView<const float> a, const std::byte* packed_b, Addend addend,
              MatrixView<float> c, std::byte* a_room) {
  constexpr int64_t kKc = Arithmetic::kKc;
  const auto* panels = reinterpret_cast<const typename Arithmetic::Element*>(packed_b);
  const int64_t n = c.cols();
  const int64_t c_stride = c.row_stride();
  const int64_t elements = Elements<Arithmetic>(a.cols());
  const int64_t panel_rows = PanelRows<Arithmetic>(elements);
  for (int64_t m0 = 0; m0 < a.rows(); m0 += kMc) {
    const Stripes stripes(std::min(kMc, a.rows() - m0), Arithmetic::kMr);
    for (int64_t k0 = 0; k0 < elements; k0 += kKc) {
      const int64_t depth = std::min(kKc, elements - k0);
      const int64_t first_k = k0 * Arithmetic::kPerElement;
      const int64_t k = std::min(kKc * Arithmetic::kPerElement, a.cols() - first_k);
      const PackedA<Arithmetic> block =
          PackA<Arithmetic>(stripes, a.RowRange(m0, stripes.m).ColumnRange(first_k, k), a_room);
      for (int64_t first = 0, width; first < n; first += width) {
        width = PanelWidth<Arithmetic>(n - first);
        const auto* panel = panels + first * panel_rows + PanelRows<Arithmetic>(k0) * width;
        float* c_part = c.Row(m0) + first;
        // The first part of k starts from the addend, each other part from the sum so far, in C.
        const Addend added = k0 == 0 ? At(addend, m0, first) : Addend{c_part, c_stride};
        MultiplyPanel<Arithmetic>(stripes, std::min(width, n - first), depth, block, panel, added,
                                  c_part, c_stride);
      }
    }
  }
}

template <class Arithmetic>
constexpr GemmKernels kGemmKernels = {.name = Arithmetic::kName,
                                      .arithmetic = Arithmetic::kArithmetic,
                                      .packed_b_size = PackedBSize<Arithmetic>,
                                      .pack_b = PackB<Arithmetic>,
                                      .multiply = Multiply<Arithmetic>,
                                      .packs_a = Arithmetic::kPacksA,
                                      .packed_a_size = PackedASize<Arithmetic>(),
                                      .kc = Arithmetic::kKc* Arithmetic::kPerElement,
                                      .mc = kMc};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
