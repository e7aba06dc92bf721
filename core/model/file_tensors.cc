#include "core/model/file_tensors.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/damaged.h"

namespace runnel {
namespace {

std::vector<uint64_t> ShapeOf(const Tensor& tensor) {
  std::vector<uint64_t> shape = {static_cast<uint64_t>(tensor.rows)};
  if (tensor.cols != 0) shape.push_back(tensor.cols);
  return shape;
}

// The number of rows of a bias_hh that are added to its bias_ih.
int64_t AddedRows(const FileTensor& tensor) {
  return tensor.size() - (tensor.recurrent_bias ? tensor.recurrent_bias->size() : 0);
}

}  // namespace

std::vector<FileTensor> FileTensors(const ParameterLayout& layout) {
  std::vector<FileTensor> tensors;
  for (const Tensor& tensor : layout.tensors()) {
    if (tensor.role == TensorRole::kRecurrentBias) continue;  // part of a bias_hh
    tensors.push_back({.name = tensor.name, .shape = ShapeOf(tensor), .target = tensor});
    if (tensor.role != TensorRole::kBias) continue;
    FileTensor added = tensors.back();
    added.name = absl::StrReplaceAll(tensor.name, {{"bias_ih", "bias_hh"}});
    added.is_added = true;
    if (const Tensor* recurrent = layout.Find(added.name)) added.recurrent_bias = *recurrent;
    tensors.push_back(std::move(added));
  }
  return tensors;
}

void ToFile(const FileTensor& tensor, const float* parameters, float* values) {
  if (!tensor.is_added) return ToFileOrder(tensor.target, parameters, values);
  const int64_t added = AddedRows(tensor);
  std::fill_n(values, added, 0.0f);
  if (tensor.recurrent_bias) ToFileOrder(*tensor.recurrent_bias, parameters, values + added);
}

absl::Status FromFile(const FileTensor& tensor, const std::vector<float>& values,
                      float* parameters) {
  if (!tensor.is_added) {
    FromFileOrder(tensor.target, values.data(), parameters);
    return absl::OkStatus();
  }
  const int64_t added = AddedRows(tensor);
  std::vector<float> bias(tensor.size());
  ToFileOrder(tensor.target, parameters, bias.data());
  for (int64_t i = 0; i < added; ++i) {
    bias[i] += values[i];
    if (std::isfinite(bias[i])) continue;
    return Damaged(absl::StrCat(tensor.name, " and its bias_ih add up to ", bias[i], " at element ",
                                i, "; must be finite"));
  }
  FromFileOrder(tensor.target, bias.data(), parameters);
  if (tensor.recurrent_bias) {
    FromFileOrder(*tensor.recurrent_bias, values.data() + added, parameters);
  }
  return absl::OkStatus();
}

}  // namespace runnel
