#include "server/text_generation/score_call.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <utility>

#include "core/reading/make_scorer.h"

namespace runnel::server {

absl::Status ScoreCall::Prepare(const FoundModel& found) {
  Violations violations;
  if (request_.text().empty()) {
    violations.Add("text", "is empty; must have at least one character");
  }
  CheckLength(request_.text(), request_.context(), &violations);
  FoundModel valid = UnlessInvalid(found, std::move(violations));
  if (!valid.ok()) return valid.status();
  std::shared_ptr<const LoadedModel> model = *std::move(valid);
  // A one-directional model's state and logits. A bidirectional one's are those of the thread.
  const int64_t floats =
      model->decoder == nullptr ? 0 : model->decoder->state_size() + model->vocabulary.size();
  absl::Status claimed = ClaimMemory(request_.text().size() + request_.context().size(),
                                     floats * static_cast<int64_t>(sizeof(float)));
  if (!claimed.ok()) return claimed;

  const auto unknown = request_.skip_unknown_chars() ? Vocabulary::Unknown::kIsSkipped
                                                     : Vocabulary::Unknown::kIsError;
  auto text = model->vocabulary.Encode(request_.text(), unknown);
  auto context = model->vocabulary.Encode(request_.context(), unknown);
  Violations unknown_chars;
  if (!text.ok()) unknown_chars.Add("text", std::string(text.status().message()));
  if (!context.ok()) {
    unknown_chars.Add("context", std::string(context.status().message()));
  }
  if (!unknown_chars.empty()) return ToStatus(unknown_chars);
  if (text->ids.empty()) return InvalidField("text", "has no character that the model knows");

  response_.set_scored_chars(static_cast<int32_t>(text->chars));
  response_.set_model_version(model->version);
  model_ = model;
  scorer_ = MakeScorer(std::move(model), std::move(context->ids), std::move(text->ids));
  return absl::OkStatus();
}

absl::StatusOr<bool> ScoreCall::Advance() {
  absl::StatusOr<bool> done = scorer_->Advance();
  if (!done.ok()) return OfModel(*model_, done.status());
  return done;
}

void ScoreCall::WriteResponse() {
  double logprob = 0;
  for (const double char_logprob : scorer_->char_logprobs()) {
    logprob += char_logprob;
    if (request_.per_char()) response_.add_char_logprobs(static_cast<float>(char_logprob));
  }
  const double nats_per_char = -logprob / response_.scored_chars();
  response_.set_logprob(logprob);
  response_.set_bits_per_char(static_cast<float>(nats_per_char / std::numbers::ln2));
  // Infinity has no place in JSON.
  response_.set_perplexity(static_cast<float>(
      std::min<double>(std::exp(nats_per_char), std::numeric_limits<float>::max())));
}

}  // namespace runnel::server
