#include "core/generate/state_token.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/hash.h"
#include "core/generate/logit_bias.h"
#include "core/generate/stop_sequences.h"
#include "core/text/utf8.h"

namespace runnel {
namespace {

constexpr absl::string_view kMagic = "RnlS";
constexpr size_t kHeaderBytes = 12;  // magic and checksum
constexpr uint8_t kFormat = 1;

class Writer {
 public:
  template <typename Number>
  void Put(Number value) {
    uint64_t bits;
    if constexpr (std::is_same_v<Number, float>) {
      bits = std::bit_cast<uint32_t>(value);
    } else if constexpr (std::is_same_v<Number, double>) {
      bits = std::bit_cast<uint64_t>(value);
    } else {
      bits = static_cast<uint64_t>(value);
    }
    for (size_t i = 0; i < sizeof(Number); ++i) bytes_.push_back(static_cast<char>(bits >> 8 * i));
  }
  template <typename List>
  void PutList(const List& list) {
    Put(static_cast<uint32_t>(list.size()));
    for (const auto& element : list) Put(element);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Reads numbers in order. Once the bytes run out, every number reads as 0 and ok() is false.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : bytes_(bytes) {}

  template <typename Number>
  Number Get() {
    if (bytes_.size() < sizeof(Number)) {
      ok_ = false;
      bytes_ = {};
      return Number{};
    }
    uint64_t bits = 0;
    for (size_t i = 0; i < sizeof(Number); ++i) {
      bits |= uint64_t{static_cast<uint8_t>(bytes_[i])} << 8 * i;
    }
    bytes_.remove_prefix(sizeof(Number));
    if constexpr (std::is_same_v<Number, float>) {
      return std::bit_cast<float>(static_cast<uint32_t>(bits));
    } else if constexpr (std::is_same_v<Number, double>) {
      return std::bit_cast<double>(bits);
    } else {
      return static_cast<Number>(bits);
    }
  }
  // Reads how many elements of `element_bytes` follow; 0, and ok() becomes false, if the bytes that
  // are left do not hold so many.
  size_t GetSize(size_t element_bytes) {
    const auto size = Get<uint32_t>();
    if (size <= bytes_.size() / element_bytes) return size;
    ok_ = false;
    return 0;
  }
  template <typename List>
  void GetList(List* list) {
    using Number = typename List::value_type;
    list->resize(GetSize(sizeof(Number)));
    for (auto& element : *list) element = Get<Number>();
  }
  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }

 private:
  absl::string_view bytes_;
  bool ok_ = true;
};

bool IsLogprob(double value) { return value <= 0 && std::isfinite(value); }

// Whether `bytes` are empty or begin a character without completing it.
bool IsPartialChar(absl::string_view bytes) {
  Utf8Machine utf8;
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    if (!utf8.Accepts(byte) || utf8.Advance(byte)) return false;
  }
  return true;
}

bool MakesSense(const SessionState& state, const LanguageModel& model) {
  const bool is_bytes = model.vocabulary.kind() == VocabularyKind::kBytes;
  return static_cast<int64_t>(state.state.size()) == model.decoder->state_size() &&
         std::all_of(state.state.begin(), state.state.end(),
                     [](float value) { return std::isfinite(value); }) &&
         state.last_symbol >= 0 && state.last_symbol < model.decoder->vocabulary_size() &&
         state.recent.size() <= RecentChars::kMax &&
         std::all_of(state.recent.begin(), state.recent.end(), IsScalarValue) &&
         (is_bytes || state.partial.empty()) && IsPartialChar(state.partial) &&
         IsLogprob(state.partial_logprob) && state.held.size() <= kStopCharsMax &&
         std::all_of(state.held.begin(), state.held.end(),
                     [](const SessionState::Held& held) {
                       return IsScalarValue(held.character) && IsLogprob(held.logprob);
                     }) &&
         std::is_sorted(state.pattern_places.begin(), state.pattern_places.end());
}

SessionState ReadState(Reader* reader) {
  SessionState state;
  state.seed = reader->Get<uint64_t>();
  state.sample_index = reader->Get<uint64_t>();
  state.position = reader->Get<uint64_t>();
  reader->GetList(&state.state);
  state.last_symbol = reader->Get<int32_t>();
  reader->GetList(&state.recent);
  reader->GetList(&state.partial);
  state.partial_logprob = reader->Get<double>();
  state.held.resize(reader->GetSize(sizeof(char32_t) + sizeof(double)));
  for (SessionState::Held& held : state.held) {
    held.character = reader->Get<char32_t>();
    held.logprob = reader->Get<double>();
  }
  state.pattern_fingerprint = reader->Get<uint64_t>();
  reader->GetList(&state.pattern_places);
  state.pattern_accepts = reader->Get<uint8_t>() != 0;
  return state;
}

absl::Status Damaged() {
  return absl::InvalidArgumentError("is not a state token, or a damaged one");
}

// A state only continues with the same bits under the precision that it came from.
absl::Status OtherPrecision(DecodePrecision precision, const LanguageModel& model) {
  const absl::string_view name = DecodePrecisionName(precision);
  return absl::FailedPreconditionError(
      absl::StrCat("resume_state was made by a server that decodes in ",
                   name.empty() ? "another precision" : name, "; this one decodes in ",
                   DecodePrecisionName(model.decoder->precision())));
}

}  // namespace

std::string EncodeStateToken(const SessionState& state, const LanguageModel& model) {
  Writer body;
  body.Put(kFormat);
  body.Put(model.digest.low);
  body.Put(model.digest.high);
  body.Put(model.decoder->precision());
  body.Put(state.seed);
  body.Put(state.sample_index);
  body.Put(state.position);
  body.PutList(state.state);
  body.Put(state.last_symbol);
  body.PutList(state.recent);
  body.PutList(state.partial);
  body.Put(state.partial_logprob);
  body.Put(static_cast<uint32_t>(state.held.size()));
  for (const SessionState::Held& held : state.held) {
    body.Put(held.character);
    body.Put(held.logprob);
  }
  body.Put(state.pattern_fingerprint);
  body.PutList(state.pattern_places);
  body.Put(static_cast<uint8_t>(state.pattern_accepts));
  Writer checksum;
  checksum.Put(Hash64Of(body.bytes()));
  return absl::StrCat(kMagic, checksum.bytes(), body.bytes());
}

absl::StatusOr<SessionState> DecodeStateToken(absl::string_view token, const LanguageModel& model) {
  if (token.size() < kHeaderBytes || token.substr(0, kMagic.size()) != kMagic) return Damaged();
  const absl::string_view body = token.substr(kHeaderBytes);
  const auto checksum = Reader(token.substr(kMagic.size())).Get<uint64_t>();
  if (checksum != Hash64Of(body)) return Damaged();
  Reader reader(body);
  if (reader.Get<uint8_t>() != kFormat) {
    return absl::FailedPreconditionError("resume_state was made by another release of the server");
  }
  const ModelDigest digest = {.low = reader.Get<uint64_t>(), .high = reader.Get<uint64_t>()};
  const auto precision = reader.Get<DecodePrecision>();
  if (!reader.ok()) return Damaged();
  if (digest != model.digest) {
    return absl::FailedPreconditionError("resume_state belongs to another model or version");
  }
  if (precision != model.decoder->precision()) return OtherPrecision(precision, model);
  SessionState state = ReadState(&reader);
  if (!reader.ok() || !reader.at_end() || !MakesSense(state, model)) return Damaged();
  return state;
}

}  // namespace runnel
