#include "core/model/safetensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/damaged.h"
#include "core/base/read_file.h"
#include "core/model/json.h"

namespace runnel {
namespace {

constexpr char kMetadata[] = "__metadata__";
constexpr int64_t kHeaderBytesMax = 8 << 20;
// A length beyond this is no length: the bytes are something else.
constexpr uint64_t kPlausibleLengthMax = uint64_t{1} << 40;
constexpr absl::string_view kZipStart("PK\x03\x04", 4);

template <typename T>
T Load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

float FloatFromBits(uint32_t bits) { return Load<float>(reinterpret_cast<const char*>(&bits)); }

// IEEE 754 binary16.
double LoadHalf(const char* bytes) {
  constexpr int kFractionBits = 10;
  constexpr int kExponentMax = 31;
  constexpr int kBias = 15;
  const auto bits = Load<uint16_t>(bytes);
  const int exponent = bits >> kFractionBits & kExponentMax;
  const int fraction = bits & ((1 << kFractionBits) - 1);
  double value = 0;
  if (exponent == kExponentMax) {
    value = fraction == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(fraction, 1 - kBias - kFractionBits);
  } else {
    value = std::ldexp(fraction + (1 << kFractionBits), exponent - kBias - kFractionBits);
  }
  return bits >> 15 != 0 ? -value : value;
}

// bfloat16: the upper half of a float.
double LoadBfloat(const char* bytes) {
  return FloatFromBits(uint32_t{Load<uint16_t>(bytes)} << 16);
}

struct ElementType {
  absl::string_view name;
  uint64_t bytes;
  double (*load)(const char*);  // null: not a type of weights
};
constexpr ElementType kElementTypes[] = {
    {"F32", 4, [](const char* bytes) { return double{Load<float>(bytes)}; }},
    {"F64", 8, [](const char* bytes) { return Load<double>(bytes); }},
    {"F16", 2, LoadHalf},
    {"BF16", 2, LoadBfloat},
    {"I64", 8, nullptr},
    {"U64", 8, nullptr},
    {"I32", 4, nullptr},
    {"U32", 4, nullptr},
    {"I16", 2, nullptr},
    {"U16", 2, nullptr},
    {"I8", 1, nullptr},
    {"U8", 1, nullptr},
    {"BOOL", 1, nullptr},
};

const ElementType* FindType(absl::string_view name) {
  for (const ElementType& type : kElementTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

// The size of a tensor in bytes; nullopt if the number does not fit into 64 bits.
std::optional<uint64_t> ShapeBytes(const std::vector<uint64_t>& shape, uint64_t element_bytes) {
  uint64_t bytes = element_bytes;
  for (const uint64_t size : shape) {
    if (__builtin_mul_overflow(bytes, size, &bytes)) return std::nullopt;
  }
  return bytes;
}

absl::Status CheckTensor(const StoredTensor& tensor, uint64_t data_bytes) {
  const ElementType* type = FindType(tensor.dtype);
  if (type == nullptr) {
    return Damaged(
        absl::StrCat(tensor.name, " has dtype \"", tensor.dtype, "\", which is unknown"));
  }
  const std::optional<uint64_t> bytes = ShapeBytes(tensor.shape, type->bytes);
  if (!bytes || *bytes > data_bytes || tensor.begin > tensor.end || tensor.end > data_bytes ||
      tensor.end - tensor.begin != *bytes) {
    return Damaged(absl::StrCat(tensor.name, " of shape ", ShapeText(tensor.shape),
                                " is stored at ", tensor.begin, " to ", tensor.end, " of ",
                                data_bytes, " bytes; must be ",
                                bytes ? absl::StrCat(*bytes) : "more than 2^64", " bytes long"));
  }
  return absl::OkStatus();
}

absl::StatusOr<StoredTensor> ParseTensor(const std::string& name, const Json& json) {
  if (!json.is_object()) return Damaged(absl::StrCat(name, " is not described by an object"));
  StoredTensor tensor{.name = name};
  const Json* type = Member(json, "dtype", Json::value_t::string);
  if (type == nullptr) return Damaged(absl::StrCat(name, " has no dtype"));
  tensor.dtype = type->get<std::string>();
  const auto is_count = [](const Json& value) { return value.is_number_unsigned(); };
  const Json* shape = Member(json, "shape", Json::value_t::array);
  if (shape == nullptr || !std::all_of(shape->begin(), shape->end(), is_count)) {
    return Damaged(absl::StrCat(name, " has no shape of whole numbers"));
  }
  tensor.shape = shape->get<std::vector<uint64_t>>();
  const Json* offsets = Member(json, "data_offsets", Json::value_t::array);
  if (offsets == nullptr || offsets->size() != 2 ||
      !std::all_of(offsets->begin(), offsets->end(), is_count)) {
    return Damaged(absl::StrCat(name, " has no data_offsets"));
  }
  tensor.begin = (*offsets)[0].get<uint64_t>();
  tensor.end = (*offsets)[1].get<uint64_t>();
  return tensor;
}

int64_t ElementCount(const StoredTensor& tensor) {
  return static_cast<int64_t>((tensor.end - tensor.begin) / FindType(tensor.dtype)->bytes);
}

}  // namespace

const StoredTensor* SafetensorsHeader::Find(absl::string_view name) const {
  const auto found = std::lower_bound(
      tensors.begin(), tensors.end(), name,
      [](const StoredTensor& tensor, absl::string_view wanted) { return tensor.name < wanted; });
  return found != tensors.end() && found->name == name ? &*found : nullptr;
}

std::string ShapeText(const std::vector<uint64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ","), "]");
}

absl::StatusOr<int64_t> SafetensorsHeaderBytes(absl::string_view start, int64_t file_bytes) {
  if (absl::StartsWith(start, kZipStart)) {
    return Damaged(
        "is a zip archive, as torch.save writes; must be a safetensors file "
        "(safetensors.torch.save_file)");
  }
  if (file_bytes < kSafetensorsLengthBytes) return Damaged("is shorter than a header");
  const auto length = Load<uint64_t>(start.data());
  if (length > kPlausibleLengthMax) {
    return Damaged(absl::StrCat("is not a safetensors file: it begins with \"",
                                absl::CHexEscape(start.substr(0, kSafetensorsLengthBytes)),
                                "\", which is not the length of a header"));
  }
  const uint64_t room = file_bytes - kSafetensorsLengthBytes;
  if (length > room || length > static_cast<uint64_t>(kHeaderBytesMax)) {
    return Damaged(absl::StrCat("says that its header has ", length, " bytes; at most ",
                                std::min<uint64_t>(room, kHeaderBytesMax), " are possible"));
  }
  return static_cast<int64_t>(length);
}

absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(absl::string_view text) {
  const absl::StatusOr<Json> json = ParseJsonObject(text, "the header");
  if (!json.ok()) return json.status();
  SafetensorsHeader header;
  for (const auto& [name, value] : json->items()) {  // by name
    if (name == kMetadata) {
      if (!value.is_object()) return Damaged("the header's __metadata__ is not an object");
      header.metadata.emplace();
      for (const auto& [key, entry] : value.items()) {
        if (entry.is_string()) header.metadata->emplace(key, entry.get<std::string>());
      }
      continue;
    }
    absl::StatusOr<StoredTensor> tensor = ParseTensor(name, value);
    if (!tensor.ok()) return tensor.status();
    header.tensors.push_back(*std::move(tensor));
  }
  return header;
}

absl::Status CheckPlacement(const SafetensorsHeader& header, int64_t data_bytes) {
  std::vector<const StoredTensor*> in_order;
  for (const StoredTensor& tensor : header.tensors) {
    if (absl::Status status = CheckTensor(tensor, data_bytes); !status.ok()) return status;
    in_order.push_back(&tensor);
  }
  std::sort(in_order.begin(), in_order.end(), [](const StoredTensor* a, const StoredTensor* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  uint64_t end = 0;
  for (const StoredTensor* tensor : in_order) {
    if (tensor->begin != end) {
      return Damaged(absl::StrCat(tensor->name, " overlaps its neighbour or leaves a gap"));
    }
    end = tensor->end;
  }
  if (end != static_cast<uint64_t>(data_bytes)) {
    return Damaged(absl::StrCat("has ", data_bytes, " bytes of data; its tensors take ", end));
  }
  return absl::OkStatus();
}

int64_t ElementCount(const SafetensorsHeader& header) {
  int64_t count = 0;
  for (const StoredTensor& tensor : header.tensors) count += ElementCount(tensor);
  return count;
}

int64_t LargestElementCount(const SafetensorsHeader& header) {
  int64_t largest = 0;
  for (const StoredTensor& tensor : header.tensors) {
    largest = std::max(largest, ElementCount(tensor));
  }
  return largest;
}

absl::StatusOr<SafetensorsFileHeader> ReadSafetensorsHeader(const std::string& path) {
  const absl::StatusOr<FilePrefix> length = ReadFilePrefix(path, kSafetensorsLengthBytes);
  if (!length.ok()) return length.status();
  const auto header_bytes = SafetensorsHeaderBytes(length->bytes, length->file_bytes);
  if (!header_bytes.ok()) return header_bytes.status();
  const int64_t data_begin = kSafetensorsLengthBytes + *header_bytes;
  const absl::StatusOr<FilePrefix> start = ReadFilePrefix(path, data_begin);
  if (!start.ok()) return start.status();
  if (start->file_bytes < data_begin) {
    return Damaged(absl::StrCat(path, " shrank while it was read"));
  }
  auto header =
      ParseSafetensorsHeader(absl::string_view(start->bytes).substr(kSafetensorsLengthBytes));
  if (!header.ok()) return header.status();
  return SafetensorsFileHeader{.header = *std::move(header),
                               .data_begin = data_begin,
                               .data_bytes = start->file_bytes - data_begin};
}

absl::StatusOr<std::vector<float>> ReadValues(const StoredTensor& tensor, absl::string_view data) {
  const ElementType& type = *FindType(tensor.dtype);
  if (type.load == nullptr) {
    return Damaged(absl::StrCat(tensor.name, " has dtype \"", tensor.dtype,
                                "\"; must be F32, F64, F16 or BF16"));
  }
  std::vector<float> values((tensor.end - tensor.begin) / type.bytes);
  const char* bytes = data.data() + tensor.begin;
  for (size_t i = 0; i < values.size(); ++i, bytes += type.bytes) {
    const double value = type.load(bytes);
    if (!(std::abs(value) <= std::numeric_limits<float>::max())) {
      return Damaged(absl::StrCat(tensor.name, " holds ", value, " at element ", i,
                                  "; must be finite as a 32-bit float"));
    }
    values[i] = static_cast<float>(value);
  }
  return values;
}

std::string EncodeSafetensorsHeader(const SafetensorsMetadata& metadata,
                                    const std::vector<StoredTensor>& tensors) {
  Json header;
  for (const StoredTensor& tensor : tensors) {
    header[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {tensor.begin, tensor.end}}};
  }
  header[kMetadata] = metadata;
  std::string text = JsonText(header);
  while (text.size() % kSafetensorsLengthBytes != 0) text.push_back(' ');
  const uint64_t length = text.size();
  std::string bytes(kSafetensorsLengthBytes, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + text;
}

}  // namespace runnel
