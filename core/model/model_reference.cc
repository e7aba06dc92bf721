#include "core/model/model_reference.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

constexpr size_t kNameCharsMax = 63;
constexpr size_t kShownCharsMax = 80;

// [a-z0-9][a-z0-9-]{0,62}
bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= kNameCharsMax && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
         });
}

bool AllDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
}

std::string Shown(absl::string_view text) {
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kShownCharsMax)),
                      text.size() > kShownCharsMax ? "...\"" : "\"");
}

}  // namespace

std::string ModelReference::ToString() const {
  if (!label.empty()) return absl::StrCat(name, ":", label);
  return version == 0 ? name : absl::StrCat(name, ":", version);
}

absl::Status CheckModelName(absl::string_view name) {
  if (IsName(name)) return absl::OkStatus();
  if (name.empty()) return absl::InvalidArgumentError("is empty; a model name is needed");
  return absl::InvalidArgumentError(
      absl::StrCat("is ", Shown(name),
                   "; a model name is 1 to 63 characters of a-z, 0-9 and -, and begins with "
                   "a letter or digit"));
}

absl::StatusOr<ModelReference> ParseModelReference(absl::string_view reference) {
  const size_t colon = reference.find(':');
  ModelReference parsed{.name = std::string(reference.substr(0, colon))};
  if (absl::Status status = CheckModelName(parsed.name); !status.ok()) return status;
  if (colon == absl::string_view::npos) return parsed;

  const absl::string_view suffix = reference.substr(colon + 1);
  if (!suffix.empty() && AllDigits(suffix)) {
    // One spelling for each version: no leading zeros.
    if (suffix.front() != '0' && absl::SimpleAtoi(suffix, &parsed.version)) return parsed;
  } else if (IsName(suffix)) {
    parsed.label = std::string(suffix);
    const bool has_letter = std::any_of(suffix.begin(), suffix.end(), absl::ascii_isalpha);
    if (has_letter) return parsed;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "is ", Shown(reference),
      "; a model reference is \"name\", \"name:7\" (a version from 1 on) or \"name:stable\" "
      "(a label of a-z, 0-9 and -, with a letter)"));
}

}  // namespace runnel
