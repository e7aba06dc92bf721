#include "core/model/model_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "core/model/atomic_file.h"
#include "core/nn/network.h"
#include "core/text/utf8.h"

namespace runnel {
namespace {

using Json = nlohmann::json;

constexpr absl::string_view kFormat = "runnel-1";
constexpr int64_t kLengthBytes = 8;
constexpr int64_t kHeaderBytesMax = 32
                                    << 20;  // a vocabulary of every Unicode character takes 5 MiB
constexpr int64_t kFileBytesMax = int64_t{16} << 30;
constexpr size_t kMessageBytesMax = 500;
constexpr int kJsonDepthMax = 64;
constexpr int kJsonValuesMax = 1 << 17;  // a network of 8 layers has a few hundred

// A tensor as the file holds it. A bias stands there twice, as PyTorch has it: `bias_ih`, and
// `bias_hh` to be added.
struct StoredTensor {
  std::string name;
  Tensor tensor;
  bool is_recurrent_bias = false;
  int64_t begin = 0;  // in the data, bytes; read from or written to the header

  int64_t bytes() const { return tensor.size() * static_cast<int64_t>(sizeof(float)); }
};

struct Header {
  ModelDescription description;
  std::vector<StoredTensor> tensors;
  std::string checksum;
};

// A message quotes the file, which may say anything at any length.
absl::Status Damaged(absl::string_view what) {
  if (what.size() <= kMessageBytesMax) return absl::DataLossError(what);
  return absl::DataLossError(absl::StrCat(Utf8Prefix(what, kMessageBytesMax), "..."));
}

// Discarded or null if `text` is not JSON, or holds more than a version file has use for: nesting
// that would exhaust the stack, or values that take many times their text's memory.
Json ParseJson(absl::string_view text) {
  int values = 0;
  bool too_much = false;
  const auto keep = [&](int depth, Json::parse_event_t, Json&) {
    too_much |= depth > kJsonDepthMax || ++values > kJsonValuesMax;
    return !too_much;
  };
  Json json = Json::parse(text.begin(), text.end(), keep, /*allow_exceptions=*/false);
  if (too_much) return Json();
  return json;
}

std::vector<StoredTensor> StoredTensors(const ParameterLayout& layout) {
  std::vector<StoredTensor> stored;
  for (const Tensor& tensor : layout.tensors()) {
    stored.push_back({tensor.name, tensor});
    if (tensor.role == TensorRole::kBias) {
      stored.push_back({absl::StrReplaceAll(tensor.name, {{"bias_ih", "bias_hh"}}), tensor,
                        /*is_recurrent_bias=*/true});
    }
  }
  return stored;
}

Json Shape(const Tensor& tensor) {
  return tensor.cols == 0 ? Json{tensor.rows} : Json{tensor.rows, tensor.cols};
}

std::string Checksum(absl::string_view data) {
  const XXH128_hash_t hash = XXH3_128bits(data.data(), data.size());
  return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
}

std::string VocabularyText(const Vocabulary& vocabulary) {
  std::string text;
  if (vocabulary.kind() == VocabularyKind::kBytes) return text;
  for (int id = 0; id < vocabulary.size(); ++id) vocabulary.AppendText(id, &text);
  return text;
}

Json DescriptionToJson(const ModelDescription& d) {
  const bool bytes = d.vocabulary.kind() == VocabularyKind::kBytes;
  Json training = Json::parse(d.training, nullptr, /*allow_exceptions=*/false);
  if (!training.is_object()) training = Json::object();
  Json summary = {{"training_job", d.training_job},
                  {"create_time_ms", d.create_time_ms},
                  {"chars_trained", d.chars_trained}};
  if (d.validation_loss) summary["validation_loss"] = *d.validation_loss;
  return {
      {"network",
       {{"cell", std::string(CellTypeName(d.network.cell))},
        {"num_layers", d.network.num_layers},
        {"hidden_size", d.network.hidden_size},
        {"bidirectional", d.network.bidirectional},
        {"embedding_size", d.network.embedding_size}}},
      {"vocabulary",
       {{"kind", bytes ? "bytes" : "code_points"}, {"characters", VocabularyText(d.vocabulary)}}},
      {"summary", std::move(summary)},
      {"training", std::move(training)}};
}

// Members of an object; null where it has none of that name or of that type.
const Json* Member(const Json& object, const char* name, Json::value_t type) {
  const auto found = object.find(name);
  if (found == object.end()) return nullptr;
  const bool integer = type == Json::value_t::number_integer && found->is_number_integer();
  const bool number = type == Json::value_t::number_float && found->is_number();
  return integer || number || found->type() == type ? &*found : nullptr;
}

int64_t IntegerOr(const Json& object, const char* name, int64_t otherwise) {
  const Json* member = Member(object, name, Json::value_t::number_integer);
  if (member == nullptr || (member->is_number_unsigned() && member->get<uint64_t>() > INT64_MAX)) {
    return otherwise;
  }
  return member->get<int64_t>();
}

std::string StringOr(const Json& object, const char* name, std::string otherwise) {
  const Json* member = Member(object, name, Json::value_t::string);
  return member == nullptr ? std::move(otherwise) : member->get<std::string>();
}

absl::StatusOr<NetworkConfig> NetworkFromJson(const Json& json) {
  const std::string cell_name = StringOr(json, "cell", "");
  const std::optional<CellType> cell = CellTypeFromName(cell_name);
  if (!cell) return Damaged(absl::StrCat("network.cell is \"", cell_name, "\", which is unknown"));
  NetworkConfig config{.cell = *cell};
  config.num_layers =
      static_cast<int>(std::clamp<int64_t>(IntegerOr(json, "num_layers", 0), 0, 1 << 20));
  config.hidden_size =
      static_cast<int>(std::clamp<int64_t>(IntegerOr(json, "hidden_size", 0), 0, 1 << 20));
  config.embedding_size =
      static_cast<int>(std::clamp<int64_t>(IntegerOr(json, "embedding_size", 0), -1, 1 << 20));
  if (const Json* both = Member(json, "bidirectional", Json::value_t::boolean)) {
    config.bidirectional = both->get<bool>();
  }
  Violations violations;
  Validate(config, &violations);
  if (violations.empty()) return config;
  const FieldViolation& first = violations.list().front();
  return Damaged(absl::StrCat("network.", first.field, " ", first.description));
}

absl::StatusOr<Vocabulary> VocabularyFromJson(const Json& json) {
  const std::string kind = StringOr(json, "kind", "");
  if (kind == "bytes") return Vocabulary::Bytes();
  if (kind != "code_points") {
    return Damaged(absl::StrCat("vocabulary.kind is \"", kind, "\", which is unknown"));
  }
  absl::StatusOr<std::vector<char32_t>> characters = DecodeUtf8(StringOr(json, "characters", ""));
  if (!characters.ok()) return Damaged(characters.status().message());
  absl::StatusOr<Vocabulary> vocabulary = Vocabulary::FromCodePoints(*std::move(characters));
  if (!vocabulary.ok()) return Damaged(vocabulary.status().message());
  return vocabulary;
}

absl::StatusOr<ModelDescription> DescriptionFromJson(const Json& json) {
  for (const char* part : {"network", "vocabulary", "summary", "training"}) {
    if (Member(json, part, Json::value_t::object) == nullptr) {
      return Damaged(absl::StrCat("the metadata has no \"", part, "\""));
    }
  }
  const absl::StatusOr<NetworkConfig> network = NetworkFromJson(json["network"]);
  if (!network.ok()) return network.status();
  absl::StatusOr<Vocabulary> vocabulary = VocabularyFromJson(json["vocabulary"]);
  if (!vocabulary.ok()) return vocabulary.status();
  const Json& summary = json["summary"];
  ModelDescription description{.network = *network, .vocabulary = *std::move(vocabulary)};
  description.training_job = StringOr(summary, "training_job", "");
  description.create_time_ms = IntegerOr(summary, "create_time_ms", 0);
  description.chars_trained = IntegerOr(summary, "chars_trained", 0);
  if (const Json* loss = Member(summary, "validation_loss", Json::value_t::number_float)) {
    description.validation_loss = loss->get<double>();
  }
  description.training = json["training"].dump();
  return description;
}

// Reads where each expected tensor lies and checks that together they are exactly the file's data.
absl::Status PlaceTensors(const Json& header, int64_t data_bytes,
                          std::vector<StoredTensor>* tensors) {
  if (header.size() != tensors->size() + 1) {
    return Damaged(
        absl::StrCat("holds ", header.size() - 1, " tensors; its network has ", tensors->size()));
  }
  for (StoredTensor& stored : *tensors) {
    const Json* entry = Member(header, stored.name.c_str(), Json::value_t::object);
    if (entry == nullptr) return Damaged(absl::StrCat("has no tensor ", stored.name));
    const std::string type = StringOr(*entry, "dtype", "");
    if (type != "F32") {
      return Damaged(absl::StrCat(stored.name, " has dtype \"", type, "\"; must be F32"));
    }
    const Json* shape = Member(*entry, "shape", Json::value_t::array);
    if (shape == nullptr || *shape != Shape(stored.tensor)) {
      return Damaged(absl::StrCat(stored.name, " has shape ", shape ? shape->dump() : "none",
                                  "; must be ", Shape(stored.tensor).dump()));
    }
    const Json* offsets = Member(*entry, "data_offsets", Json::value_t::array);
    const bool two_integers = offsets != nullptr && offsets->size() == 2 &&
                              (*offsets)[0].is_number_unsigned() &&
                              (*offsets)[1].is_number_unsigned();
    if (!two_integers) return Damaged(absl::StrCat(stored.name, " has no data_offsets"));
    const uint64_t begin = (*offsets)[0].get<uint64_t>();
    const uint64_t end = (*offsets)[1].get<uint64_t>();
    if (begin > end || end > static_cast<uint64_t>(data_bytes) ||
        static_cast<int64_t>(end - begin) != stored.bytes()) {
      return Damaged(absl::StrCat(stored.name, " lies at ", begin, " to ", end, " of ", data_bytes,
                                  " bytes; must be ", stored.bytes(), " bytes long"));
    }
    stored.begin = static_cast<int64_t>(begin);
  }
  std::vector<StoredTensor> in_order = *tensors;
  std::sort(in_order.begin(), in_order.end(),
            [](const StoredTensor& a, const StoredTensor& b) { return a.begin < b.begin; });
  int64_t end = 0;
  for (const StoredTensor& stored : in_order) {
    if (stored.begin != end) {
      return Damaged(absl::StrCat(stored.name, " overlaps its neighbour or leaves a gap"));
    }
    end += stored.bytes();
  }
  if (end != data_bytes) {
    return Damaged(absl::StrCat("has ", data_bytes, " bytes of data; its tensors take ", end));
  }
  return absl::OkStatus();
}

absl::StatusOr<Header> ParseHeader(absl::string_view text, int64_t data_bytes) {
  const Json json = ParseJson(text);
  if (!json.is_object()) return Damaged("the header is not a JSON object");
  const Json* metadata = Member(json, "__metadata__", Json::value_t::object);
  if (metadata == nullptr) return Damaged("the header has no __metadata__");
  const std::string format = StringOr(*metadata, "format", "");
  if (format != kFormat) {
    return Damaged(
        absl::StrCat("format is \"", format, "\"; this release reads \"", kFormat, "\""));
  }
  const Json about = ParseJson(StringOr(*metadata, "runnel", ""));
  if (!about.is_object()) return Damaged("the metadata is not a JSON object");
  absl::StatusOr<ModelDescription> description = DescriptionFromJson(about);
  if (!description.ok()) return description.status();

  Header header{.description = *std::move(description),
                .checksum = StringOr(*metadata, "checksum", "")};
  const auto network =
      MakeNetwork<float>(header.description.network, header.description.vocabulary.size());
  header.description.parameter_count = network->layout().size();
  header.tensors = StoredTensors(network->layout());
  if (absl::Status status = PlaceTensors(json, data_bytes, &header.tensors); !status.ok()) {
    return status;
  }
  return header;
}

// The header's length, from the first 8 bytes of a file of `file_bytes`.
absl::StatusOr<int64_t> HeaderBytes(absl::string_view start, int64_t file_bytes) {
  if (file_bytes < kLengthBytes) return Damaged("is shorter than a header");
  uint64_t length = 0;
  for (int i = kLengthBytes - 1; i >= 0; --i) length = length << 8 | static_cast<uint8_t>(start[i]);
  const uint64_t room = file_bytes - kLengthBytes;
  if (length > room || length > static_cast<uint64_t>(kHeaderBytesMax)) {
    return Damaged(absl::StrCat("says that its header has ", length, " bytes; at most ",
                                std::min<uint64_t>(room, kHeaderBytesMax), " are possible"));
  }
  return static_cast<int64_t>(length);
}

}  // namespace

std::string EncodeModel(const ModelData& model) {
  const auto network =
      MakeNetwork<float>(model.description.network, model.description.vocabulary.size());
  std::vector<StoredTensor> tensors = StoredTensors(network->layout());
  Json header;
  int64_t data_bytes = 0;
  for (StoredTensor& stored : tensors) {
    stored.begin = data_bytes;
    data_bytes += stored.bytes();
    header[stored.name] = {{"dtype", "F32"},
                           {"shape", Shape(stored.tensor)},
                           {"data_offsets", {stored.begin, data_bytes}}};
  }
  std::string data(data_bytes, '\0');
  for (const StoredTensor& stored : tensors) {
    if (stored.is_recurrent_bias) continue;
    std::vector<float> values(stored.tensor.size());
    ToFileOrder(stored.tensor, model.parameters.data(), values.data());
    std::memcpy(data.data() + stored.begin, values.data(), stored.bytes());
  }
  header["__metadata__"] = {
      {"format", std::string(kFormat)},
      {"checksum", Checksum(data)},
      {"runnel",
       DescriptionToJson(model.description).dump(-1, ' ', false, Json::error_handler_t::replace)}};
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  while (text.size() % kLengthBytes != 0) text.push_back(' ');  // so that the data is aligned
  std::string bytes;
  for (int i = 0; i < kLengthBytes; ++i) bytes.push_back(static_cast<char>(text.size() >> (8 * i)));
  return absl::StrCat(bytes, text, data);
}

absl::StatusOr<ModelData> DecodeModel(absl::string_view bytes) {
  const auto file_bytes = static_cast<int64_t>(bytes.size());
  const absl::StatusOr<int64_t> header_bytes = HeaderBytes(bytes, file_bytes);
  if (!header_bytes.ok()) return header_bytes.status();
  const absl::string_view data = bytes.substr(kLengthBytes + *header_bytes);
  absl::StatusOr<Header> header =
      ParseHeader(bytes.substr(kLengthBytes, *header_bytes), static_cast<int64_t>(data.size()));
  if (!header.ok()) return header.status();
  if (header->checksum != Checksum(data)) {
    return Damaged("the weights do not match their checksum");
  }
  ModelData model{.description = std::move(header->description)};
  model.parameters.resize(model.description.parameter_count);
  for (const StoredTensor& stored : header->tensors) {
    std::vector<float> values(stored.tensor.size());
    std::memcpy(values.data(), data.data() + stored.begin, stored.bytes());
    if (stored.is_recurrent_bias) {  // stands behind its bias_ih in the list
      const float* bias = model.parameters.data() + stored.tensor.offset;
      for (size_t i = 0; i < values.size(); ++i) values[i] += bias[i];
    }
    const auto finite = [](float value) { return std::isfinite(value); };
    if (!std::all_of(values.begin(), values.end(), finite)) {
      return Damaged(absl::StrCat(stored.name, " has a weight that is not finite"));
    }
    FromFileOrder(stored.tensor, values.data(), model.parameters.data());
  }
  return model;
}

absl::StatusOr<ModelDescription> ReadModelDescription(const std::string& path) {
  absl::StatusOr<FilePrefix> length = ReadFilePrefix(path, kLengthBytes);
  if (!length.ok()) return length.status();
  const absl::StatusOr<int64_t> header_bytes = HeaderBytes(length->bytes, length->file_bytes);
  if (!header_bytes.ok()) return header_bytes.status();
  const absl::StatusOr<FilePrefix> start = ReadFilePrefix(path, kLengthBytes + *header_bytes);
  if (!start.ok()) return start.status();
  const absl::string_view text = absl::string_view(start->bytes).substr(kLengthBytes);
  absl::StatusOr<Header> header =
      ParseHeader(text, start->file_bytes - kLengthBytes - *header_bytes);
  if (!header.ok()) return header.status();
  return std::move(header->description);
}

absl::StatusOr<ModelData> ReadModel(const std::string& path) {
  const absl::StatusOr<std::string> bytes = ReadWholeFile(path, kFileBytesMax);
  if (!bytes.ok()) return bytes.status();
  return DecodeModel(*bytes);
}

}  // namespace runnel
