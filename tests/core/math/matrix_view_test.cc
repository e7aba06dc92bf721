#include "core/math/matrix_view.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace runnel {
namespace {

// A matrix [4 x 5] within rows of 7.
class MatrixViewTest : public testing::Test {
 protected:
  MatrixViewTest() { std::iota(values_.begin(), values_.end(), 0.0f); }

  static float At(MatrixView<const float> view, int64_t row, int64_t col) {
    return view.data()[row * view.row_stride() + col * view.col_stride()];
  }

  std::vector<float> values_ = std::vector<float>(4 * 7);
  const MatrixView<float> view_ = {values_.data(), 4, 5, 7};
};

TEST_F(MatrixViewTest, Ranges_AreTheElementsOfTheMatrix) {
  const MatrixView<float> part = view_.RowRange(1, 2).ColumnRange(3, 2);
  EXPECT_EQ(part.rows(), 2);
  EXPECT_EQ(part.cols(), 2);
  EXPECT_EQ(At(part, 0, 0), 1 * 7 + 3);
  EXPECT_EQ(At(part, 1, 1), 2 * 7 + 4);
  EXPECT_EQ(part.Row(1), &values_[2 * 7 + 3]);
  EXPECT_TRUE(view_.RowRange(4, 0).empty());
}

TEST_F(MatrixViewTest, Transposed_SwapsRowsAndColumnsAndSoDoItsRanges) {
  const MatrixView<const float> transposed = view_.Transposed();
  EXPECT_EQ(transposed.rows(), 5);
  EXPECT_EQ(transposed.cols(), 4);
  EXPECT_EQ(At(transposed, 4, 3), 3 * 7 + 4);
  EXPECT_EQ(At(transposed.RowRange(3, 2).ColumnRange(1, 2), 1, 1), 2 * 7 + 4);
  EXPECT_EQ(transposed.Transposed().Row(2), view_.Row(2));
}

TEST_F(MatrixViewTest, RangesBeyondTheMatrix_AreRefused) {
#ifdef NDEBUG
  GTEST_SKIP() << "asserts are compiled into the sanitizer builds and debug builds";
#endif
  EXPECT_DEATH(view_.RowRange(3, 2), "");
  EXPECT_DEATH(view_.ColumnRange(-1, 2), "");
  EXPECT_DEATH(view_.Row(4), "");
  EXPECT_DEATH(view_.Transposed().Row(0), "contiguous|col_stride");
  EXPECT_DEATH(MatrixView<float>(values_.data(), 2, 5, 4), "");
}

}  // namespace
}  // namespace runnel
