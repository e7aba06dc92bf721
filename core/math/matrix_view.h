// A view of a matrix, or of a part of one, in memory that somebody else owns.
//
// Views are passed by value. Shapes and ranges are checked by assertions, which release builds
// leave out.
#ifndef RUNNEL_CORE_MATH_MATRIX_VIEW_H_
#define RUNNEL_CORE_MATH_MATRIX_VIEW_H_

#include <cassert>
#include <cstdint>
#include <type_traits>

namespace runnel {

// T is float or double, or const for a matrix that is only read. Element (i, j) is at data()[i *
// row_stride() + j * col_stride()].
template <typename T>
class MatrixView {
 public:
  MatrixView() = default;
  // A dense row-major matrix.
  MatrixView(T* data, int64_t rows, int64_t cols) : MatrixView(data, rows, cols, cols) {}
  // A row-major matrix whose rows are `stride` elements apart.
  MatrixView(T* data, int64_t rows, int64_t cols, int64_t stride)
      : MatrixView(data, rows, cols, stride, 1) {
    assert(stride >= cols || rows <= 1);
  }
  // A view of a matrix that may be written is also one of a matrix that is only read.
  template <typename U>
  // NOLINTNEXTLINE(google-explicit-constructor): converts, as pointers do
  requires std::is_same_v<const U, T> MatrixView(const MatrixView<U>& other)
      : MatrixView(other.data(), other.rows(), other.cols(), other.row_stride(),
                   other.col_stride()) {}

  T* data() const { return data_; }
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  int64_t row_stride() const { return row_stride_; }
  int64_t col_stride() const { return col_stride_; }
  bool empty() const { return rows_ == 0 || cols_ == 0; }

  // The cols() elements of row `row`, which must be contiguous.
  T* Row(int64_t row) const {
    assert(0 <= row && row < rows_ && col_stride_ == 1);
    return data_ + row * row_stride_;
  }
  MatrixView RowRange(int64_t first, int64_t count) const {
    assert(0 <= first && 0 <= count && first + count <= rows_);
    return {data_ + first * row_stride_, count, cols_, row_stride_, col_stride_};
  }
  MatrixView ColumnRange(int64_t first, int64_t count) const {
    assert(0 <= first && 0 <= count && first + count <= cols_);
    return {data_ + first * col_stride_, rows_, count, row_stride_, col_stride_};
  }
  // The transposed matrix, in the same memory.
  MatrixView Transposed() const { return {data_, cols_, rows_, col_stride_, row_stride_}; }

 private:
  MatrixView(T* data, int64_t rows, int64_t cols, int64_t row_stride, int64_t col_stride)
      : data_(data), rows_(rows), cols_(cols), row_stride_(row_stride), col_stride_(col_stride) {
    assert(rows >= 0 && cols >= 0);
  }
  template <typename>
  friend class MatrixView;

  T* data_ = nullptr;
  int64_t rows_ = 0;
  int64_t cols_ = 0;
  int64_t row_stride_ = 0;
  int64_t col_stride_ = 1;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_MATRIX_VIEW_H_
