#include "core/train/fine_tuning.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace runnel {
namespace {

// The ids of `from`'s symbols in `to`.
std::vector<int32_t> IdsIn(const Vocabulary& from, const Vocabulary& to) {
  std::vector<int32_t> ids;
  ids.reserve(from.size());
  for (int32_t id = 0; id < from.char_count(); ++id) ids.push_back(*to.Find(from.Symbol(id)));
  if (from.EndOfDocumentId()) ids.push_back(*to.EndOfDocumentId());
  if (from.UnknownId()) ids.push_back(*to.UnknownId());
  return ids;
}

// Whether the tensor is stored as one row for each symbol.
bool HasSymbolRows(const Tensor& tensor) {
  return tensor.role == TensorRole::kEmbedding || tensor.role == TensorRole::kOutputWeight ||
         tensor.role == TensorRole::kOutputBias ||
         (tensor.role == TensorRole::kInputWeight && tensor.transposed);
}

}  // namespace

template <typename Real>
void CarryOver(const WeightsView<const Real>& from, const WeightsView<Real>& to) {
  const std::vector<int32_t> ids = IdsIn(from.vocabulary, to.vocabulary);
  for (size_t i = 0; i < from.layout.tensors().size(); ++i) {
    const Tensor& tensor = from.layout.tensors()[i];
    const Tensor& grown = to.layout.tensors()[i];
    const Real* source = from.parameters + tensor.offset;
    Real* target = to.parameters + grown.offset;
    if (!HasSymbolRows(tensor)) {
      std::copy_n(source, tensor.size(), target);
      continue;
    }
    if (tensor.role == TensorRole::kOutputBias) {
      std::fill_n(target, grown.size(), *std::min_element(source, source + tensor.size()));
    }
    const int64_t row = tensor.size() / from.vocabulary.size();
    for (size_t id = 0; id < ids.size(); ++id) {
      std::copy_n(source + static_cast<int64_t>(id) * row, row, target + ids[id] * row);
    }
  }
}

template void CarryOver(const WeightsView<const float>&, const WeightsView<float>&);
template void CarryOver(const WeightsView<const double>&, const WeightsView<double>&);

}  // namespace runnel
