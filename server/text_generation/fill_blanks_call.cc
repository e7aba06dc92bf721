#include "server/text_generation/fill_blanks_call.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/text/utf8.h"

namespace runnel::server {
namespace {

constexpr char kBlankDefault[] = "_";
constexpr int kCandidatesDefault = 5;
constexpr int64_t kBlanksMax = 1000;
// Of one response, all blanks together.
constexpr int64_t kAllCandidatesMax = 100'000;
// The memory of a candidate: itself, its message in the response, and the message's text, each with
// a pointer to it.
constexpr int64_t kBytesPerCandidate =
    sizeof(BlankCandidate) + sizeof(v1::CharAlternative) + sizeof(std::string) + 2 * sizeof(void*);

int64_t CountOf(const std::string& part, const std::string& text) {
  int64_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

}  // namespace

Violations FillBlanksCall::CheckRequest(int64_t* blanks) {
  Violations violations;
  blank_ = request_.blank().empty() ? kBlankDefault : request_.blank();
  const std::optional<char32_t> character = OneCharacter(blank_);
  if (!character) {
    violations.Add("blank", absl::StrCat("has ", CountChars(blank_), " characters; must be one"));
    return violations;
  }
  *blanks = CountOf(blank_, request_.text());
  if (*blanks == 0) {
    violations.Add("text",
                   absl::StrCat("has no blank, which is marked by ", DescribeChar(*character)));
  } else if (*blanks > kBlanksMax) {
    violations.Add("text", absl::StrCat("has ", *blanks, " blanks; at most ", kBlanksMax));
  }
  if (request_.has_candidates() && request_.candidates() < 1) {
    violations.Add("candidates", absl::StrCat("is ", request_.candidates(), "; must be 1 or more"));
  }
  CheckLength(request_.text(), /*context=*/"", &violations);
  return violations;
}

absl::Status FillBlanksCall::Prepare(const FoundModel& found) {
  int64_t blanks = 0;
  FoundModel valid = UnlessInvalid(found, CheckRequest(&blanks));
  if (!valid.ok()) return valid.status();
  model_ = *std::move(valid);
  if (model_->cloze == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("model ", model_->name, ":", model_->version,
                     " is one-directional and does not see what follows a blank; FillBlanks "
                     "takes a model trained with network.bidirectional"));
  }
  const int candidates =
      std::min(request_.has_candidates() ? request_.candidates() : kCandidatesDefault,
               model_->vocabulary.size());
  if (candidates * blanks > kAllCandidatesMax) {
    return InvalidField("candidates", absl::StrCat("makes ", candidates, " for each of ", blanks,
                                                   " blanks; one response holds at most ",
                                                   kAllCandidatesMax, " together"));
  }
  absl::Status claimed =
      ClaimMemory(request_.text().size(), candidates * blanks * kBytesPerCandidate);
  if (!claimed.ok()) return claimed;
  auto text = EncodeBlankText(model_->vocabulary, request_.text(), blank_);
  if (!text.ok()) return AtField("text", text.status());
  positions_ = std::move(text->positions);
  for (size_t i = 0; i < text->ids.size(); ++i) {
    if (text->ids[i] == kMaskedId) masked_.push_back(i);
  }
  filler_ = std::make_unique<BlankFiller>(model_, std::move(text->ids), candidates);
  return absl::OkStatus();
}

absl::StatusOr<bool> FillBlanksCall::Advance() {
  absl::StatusOr<bool> done = filler_->Advance();
  if (!done.ok()) return OfModel(*model_, done.status());
  return done;
}

std::string FillBlanksCall::FilledText() const {
  const std::string& text = request_.text();
  std::string filled;
  size_t from = 0;
  for (const size_t symbol : masked_) {
    const size_t at = text.find(blank_, from);
    filled.append(text, from, at - from);
    model_->vocabulary.AppendText(filler_->filled()[symbol], &filled);
    from = at + blank_.size();
  }
  return filled.append(text, from);
}

void FillBlanksCall::WriteResponse() {
  const Vocabulary& vocabulary = model_->vocabulary;
  response_.set_text(FilledText());
  for (size_t i = 0; i < positions_.size(); ++i) {
    v1::FilledBlank* blank = response_.add_blanks();
    blank->set_position(static_cast<int32_t>(positions_[i]));
    for (const BlankCandidate& candidate : filler_->candidates()[i]) {
      v1::CharAlternative* alternative = blank->add_candidates();
      vocabulary.AppendText(candidate.id, alternative->mutable_character());
      alternative->set_logprob(static_cast<float>(candidate.logprob));
    }
  }
  response_.set_model_version(model_->version);
}

}  // namespace runnel::server
