#include "core/model/pytorch_model.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/model/pytorch_names.h"
#include "core/model/safetensors.h"
#include "core/nn/network.h"
#include "core/text/utf8.h"

namespace runnel {
namespace {

// A vocabulary, and the rows of its characters in the file: the row of id i is order[i].
struct OrderedVocabulary {
  Vocabulary vocabulary;
  std::vector<int64_t> order;
};

std::optional<OrderedVocabulary> ReadVocabulary(const PyTorchModelSpec& spec,
                                                Violations* violations) {
  if (spec.vocabulary_kind == VocabularyKind::kBytes) {
    OrderedVocabulary bytes{.vocabulary = Vocabulary::Bytes()};
    bytes.order.resize(bytes.vocabulary.size());
    std::iota(bytes.order.begin(), bytes.order.end(), 0);
    return bytes;
  }
  const std::vector<char32_t>& characters = spec.characters;
  OrderedVocabulary ordered;
  ordered.order.resize(characters.size());
  std::iota(ordered.order.begin(), ordered.order.end(), 0);
  std::sort(ordered.order.begin(), ordered.order.end(), [&](int64_t a, int64_t b) {
    return std::pair(characters[a], a) < std::pair(characters[b], b);
  });
  std::vector<char32_t> sorted;
  for (size_t i = 0; i < characters.size(); ++i) {
    sorted.push_back(characters[ordered.order[i]]);
    if (i > 0 && sorted[i] == sorted[i - 1]) {
      violations->Add("vocabulary", absl::StrCat("has ", DescribeChar(sorted[i]), " twice, as id ",
                                                 ordered.order[i - 1], " and ", ordered.order[i]));
      return std::nullopt;
    }
  }
  absl::StatusOr<Vocabulary> vocabulary = Vocabulary::FromCodePoints(std::move(sorted));
  if (!vocabulary.ok()) {
    violations->Add("vocabulary", std::string(vocabulary.status().message()));
    return std::nullopt;
  }
  ordered.vocabulary = *std::move(vocabulary);
  return ordered;
}

int ToInt(uint64_t value) {
  return static_cast<int>(std::min<uint64_t>(value, std::numeric_limits<int>::max()));
}

// The network of the file. Adds violations where it differs from the caller's expectation.
NetworkConfig ReadNetwork(const PyTorchTensors& tensors, const PyTorchModelSpec& spec,
                          Violations* violations) {
  const auto embedding = tensors.by_name.find("embedding.weight");
  const NetworkConfig network{
      .cell = spec.cell,
      .num_layers = tensors.num_layers,
      .hidden_size = ToInt(tensors.by_name.at("rnn.weight_hh_l0")->shape[1]),
      .bidirectional = tensors.bidirectional,
      .embedding_size =
          embedding == tensors.by_name.end() ? 0 : ToInt(embedding->second->shape[1])};
  if (!IsPyTorchCell(spec.cell)) {
    violations->Add("cell_type", absl::StrCat("is ", CellTypeName(spec.cell),
                                              ", which torch.nn does not have; only "
                                              "Runnel's own files hold such a model"));
  }
  CheckSizes(spec, network, violations);
  if (spec.bidirectional != network.bidirectional) {
    violations->Add("bidirectional", spec.bidirectional
                                         ? "is true; the file has no tensors ending in _reverse"
                                         : "is false; the file has tensors ending in _reverse");
  }
  Validate(network, violations);
  return network;
}

// Rows or columns of a matrix [rows x cols] in another order.
std::vector<float> ReorderRows(const std::vector<float>& values,
                               const std::vector<int64_t>& order) {
  const auto cols = static_cast<int64_t>(values.size() / order.size());
  std::vector<float> reordered;
  reordered.reserve(values.size());
  for (const int64_t row : order) {
    reordered.insert(reordered.end(), values.begin() + row * cols,
                     values.begin() + (row + 1) * cols);
  }
  return reordered;
}
std::vector<float> ReorderCols(const std::vector<float>& values,
                               const std::vector<int64_t>& order) {
  std::vector<float> reordered;
  reordered.reserve(values.size());
  for (size_t row = 0; row < values.size(); row += order.size()) {
    for (const int64_t col : order) reordered.push_back(values[row + col]);
  }
  return reordered;
}

// Turns the tensors of a file, which have been identified, into parameters.
class Reader {
 public:
  Reader(const PyTorchTensors& tensors, const OrderedVocabulary& vocabulary,
         const NetworkConfig& network)
      : tensors_(tensors), vocabulary_(vocabulary), network_(network) {
    const auto made = MakeNetwork<float>(network, vocabulary.vocabulary.size());
    parameter_count_ = made->layout().size();
    expected_ = FileTensors(made->layout());
  }

  void CheckShapes(Violations* violations) const {
    if (const StoredTensor& output = *Stored("output.weight");
        output.shape[0] != vocabulary_.order.size()) {
      violations->Add("vocabulary",
                      absl::StrCat("has ", vocabulary_.order.size(), " symbols; the file's ",
                                   output.name, " has ", output.shape[0], " rows"));
      return;
    }
    // First the tensor whose shape depends only on the cell and the hidden size, so that a wrong
    // cell is reported as such.
    std::vector<const FileTensor*> in_order;
    for (const FileTensor& tensor : expected_) {
      const bool shows_cell = tensor.name == "rnn.weight_hh_l0";
      in_order.insert(shows_cell ? in_order.begin() : in_order.end(), &tensor);
    }
    for (const FileTensor* tensor : in_order) {
      const StoredTensor* stored = Stored(tensor->name);
      if (stored == nullptr || stored->shape == tensor->shape) continue;
      violations->Add(
          tensor == in_order.front() ? "cell_type" : "file",
          absl::StrCat("the file's ", stored->name, " has shape ", ShapeText(stored->shape),
                       "; must be ", ShapeText(tensor->shape), " for ", CellTypeName(network_.cell),
                       " ", network_.num_layers, "x", network_.hidden_size, " over ",
                       vocabulary_.order.size(), " symbols"));
      return;
    }
  }

  absl::StatusOr<std::vector<float>> Read(absl::string_view data) const {
    std::vector<float> parameters(parameter_count_);
    for (const FileTensor& tensor : expected_) {
      const StoredTensor* stored = Stored(tensor.name);
      if (stored == nullptr) continue;  // a bias: zeros
      absl::StatusOr<std::vector<float>> values = ReadValues(*stored, data);
      if (!values.ok()) return values.status();
      absl::Status placed =
          FromFile(tensor, InOrder(tensor, *std::move(values)), parameters.data());
      if (!placed.ok()) return placed;
    }
    return parameters;
  }

 private:
  const StoredTensor* Stored(const std::string& name) const {
    const auto found = tensors_.by_name.find(name);
    return found == tensors_.by_name.end() ? nullptr : found->second;
  }

  // With the vocabulary's rows or columns in the order of our ids.
  std::vector<float> InOrder(const FileTensor& tensor, std::vector<float> values) const {
    switch (tensor.target.role) {
      case TensorRole::kEmbedding:
      case TensorRole::kOutputWeight:
      case TensorRole::kOutputBias:
        return ReorderRows(values, vocabulary_.order);
      case TensorRole::kInputWeight: {
        const bool one_hot =
            network_.embedding_size == 0 && absl::StartsWith(tensor.name, "rnn.weight_ih_l0");
        return one_hot ? ReorderCols(values, vocabulary_.order) : std::move(values);
      }
      default:
        return values;
    }
  }

  const PyTorchTensors& tensors_;
  const OrderedVocabulary& vocabulary_;
  const NetworkConfig network_;
  int64_t parameter_count_ = 0;
  std::vector<FileTensor> expected_;
};

struct Container {
  SafetensorsHeader header;
  absl::string_view data;
};

absl::StatusOr<Container> OpenContainer(absl::string_view bytes) {
  const auto header_bytes = SafetensorsHeaderBytes(bytes, static_cast<int64_t>(bytes.size()));
  if (!header_bytes.ok()) return header_bytes.status();
  auto header = ParseSafetensorsHeader(bytes.substr(kSafetensorsLengthBytes, *header_bytes));
  if (!header.ok()) return header.status();
  const absl::string_view data = bytes.substr(kSafetensorsLengthBytes + *header_bytes);
  absl::Status placed = CheckPlacement(*header, static_cast<int64_t>(data.size()));
  if (!placed.ok()) return placed;
  AddTiedTensors(&*header);
  return Container{.header = *std::move(header), .data = data};
}

}  // namespace

void CheckSizes(const PyTorchModelSpec& spec, const NetworkConfig& network,
                Violations* violations) {
  const auto check = [violations](absl::string_view field, std::optional<int> given, int found) {
    if (!given || *given == found) return;
    violations->Add(field, absl::StrCat("is ", *given, "; the file's network has ", found));
  };
  check("num_layers", spec.num_layers, network.num_layers);
  check("hidden_size", spec.hidden_size, network.hidden_size);
  check("embedding_size", spec.embedding_size, network.embedding_size);
}

std::optional<PyTorchModel> ReadPyTorchModel(absl::string_view bytes, const PyTorchModelSpec& spec,
                                             Violations* violations) {
  const auto refuse = [&](const absl::Status& status) {
    violations->Add("file", std::string(status.message()));
    return std::nullopt;
  };
  const absl::StatusOr<Container> container = OpenContainer(bytes);
  if (!container.ok()) return refuse(container.status());
  const absl::StatusOr<PyTorchTensors> tensors = FindPyTorchTensors(container->header);
  if (!tensors.ok()) return refuse(tensors.status());
  const NetworkConfig network = ReadNetwork(*tensors, spec, violations);
  std::optional<OrderedVocabulary> vocabulary = ReadVocabulary(spec, violations);
  if (!violations->empty()) return std::nullopt;

  const Reader reader(*tensors, *vocabulary, network);
  reader.CheckShapes(violations);
  if (!violations->empty()) return std::nullopt;
  absl::StatusOr<std::vector<float>> parameters = reader.Read(container->data);
  if (!parameters.ok()) return refuse(parameters.status());
  ModelData model{.parameters = *std::move(parameters)};
  model.description.network = network;
  model.description.vocabulary = std::move(vocabulary->vocabulary);
  model.description.parameter_count = static_cast<int64_t>(model.parameters.size());
  return PyTorchModel{.data = std::move(model), .passed_over = tensors->passed_over};
}

}  // namespace runnel
