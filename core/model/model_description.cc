#include "core/model/model_description.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/damaged.h"
#include "core/model/json.h"
#include "core/text/utf8.h"

namespace runnel {
namespace {

// The end of the year 9999, beyond which a time cannot be written as text.
constexpr int64_t kTimeMsMax = 253'402'300'799'999;

std::string VocabularyText(const Vocabulary& vocabulary) {
  std::string text;
  if (vocabulary.kind() == VocabularyKind::kBytes) return text;
  for (int id = 0; id < vocabulary.size(); ++id) vocabulary.AppendText(id, &text);
  return text;
}

absl::StatusOr<NetworkConfig> NetworkFromJson(const Json& json) {
  const std::string cell_name = StringOr(json, "cell", "");
  const std::optional<CellType> cell = kCellTypes.Find(cell_name);
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

absl::StatusOr<Vocabulary> WithRulesFromJson(const Vocabulary& vocabulary, const Json& json) {
  const int64_t min_char_count = IntegerOr(json, "min_char_count", 1);
  constexpr int64_t kCountMax = std::numeric_limits<int>::max();
  const VocabularyRules rules = {
      .kind = vocabulary.kind(),
      .min_char_count = static_cast<int>(std::clamp<int64_t>(min_char_count, 0, kCountMax)),
      .document_separator = StringOr(json, "document_separator", "")};
  Violations violations;
  Validate(rules, &violations);
  if (violations.empty()) return vocabulary.With(rules);
  const FieldViolation& first = violations.list().front();
  return Damaged(absl::StrCat("vocabulary.", first.field, " ", first.description));
}

absl::StatusOr<Vocabulary> VocabularyFromJson(const Json& json) {
  const std::string kind = StringOr(json, "kind", "");
  if (kind == "bytes") return WithRulesFromJson(Vocabulary::Bytes(), json);
  if (kind != "code_points") {
    return Damaged(absl::StrCat("vocabulary.kind is \"", kind, "\", which is unknown"));
  }
  absl::StatusOr<std::vector<char32_t>> characters = DecodeUtf8(StringOr(json, "characters", ""));
  if (!characters.ok()) return Damaged(characters.status().message());
  absl::StatusOr<Vocabulary> vocabulary = Vocabulary::FromCodePoints(*std::move(characters));
  if (!vocabulary.ok()) return Damaged(vocabulary.status().message());
  return WithRulesFromJson(*vocabulary, json);
}

}  // namespace

std::string EncodeDescription(const ModelDescription& d) {
  const bool bytes = d.vocabulary.kind() == VocabularyKind::kBytes;
  Json training = Json::parse(d.training, nullptr, /*allow_exceptions=*/false);
  if (!training.is_object()) training = Json::object();
  Json summary = {{"training_job", d.training_job},
                  {"create_time_ms", d.create_time_ms},
                  {"chars_trained", d.chars_trained}};
  if (d.validation_loss) summary["validation_loss"] = *d.validation_loss;
  Json vocabulary = {{"kind", bytes ? "bytes" : "code_points"},
                     {"characters", VocabularyText(d.vocabulary)}};
  const VocabularyRules& rules = d.vocabulary.rules();
  if (rules.min_char_count > 1) vocabulary["min_char_count"] = rules.min_char_count;
  if (!rules.document_separator.empty()) {
    vocabulary["document_separator"] = rules.document_separator;
  }
  return JsonText({{"network",
                    {{"cell", std::string(CellTypeName(d.network.cell))},
                     {"num_layers", d.network.num_layers},
                     {"hidden_size", d.network.hidden_size},
                     {"bidirectional", d.network.bidirectional},
                     {"embedding_size", d.network.embedding_size}}},
                   {"vocabulary", std::move(vocabulary)},
                   {"summary", std::move(summary)},
                   {"training", std::move(training)}});
}

absl::StatusOr<ModelDescription> DecodeDescription(absl::string_view text) {
  const absl::StatusOr<Json> parsed = ParseJsonObject(text, "the metadata");
  if (!parsed.ok()) return parsed.status();
  const Json& json = *parsed;
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
  const int64_t create_time_ms = IntegerOr(summary, "create_time_ms", 0);
  if (create_time_ms >= 0 && create_time_ms <= kTimeMsMax) {
    description.create_time_ms = create_time_ms;
  }
  description.chars_trained = std::max<int64_t>(IntegerOr(summary, "chars_trained", 0), 0);
  if (const Json* loss = Member(summary, "validation_loss", Json::value_t::number_float)) {
    const auto value = loss->get<double>();
    if (value >= 0 && value <= std::numeric_limits<float>::max()) {
      description.validation_loss = value;
    }
  }
  description.training = JsonText(json["training"]);
  return description;
}

}  // namespace runnel
