#include "core/generate/session.h"

#include <utility>

#include "core/math/random.h"

namespace runnel {
namespace {

std::vector<int32_t> OrStart(std::vector<int32_t> prompt, const Vocabulary& vocabulary) {
  if (prompt.empty()) prompt.push_back(vocabulary.StartId());
  return prompt;
}

}  // namespace

Session::Session(std::shared_ptr<const LanguageModel> model, const SamplingOptions& options,
                 std::vector<int32_t> prompt, std::vector<float> state)
    : model_(std::move(model)),
      options_(options),
      prompt_(OrStart(std::move(prompt), model_->vocabulary)),
      state_(std::move(state)) {
  state_.resize(model_->decoder->state_size());
  if (model_->vocabulary.kind() == VocabularyKind::kBytes) {
    allowed_.resize(model_->vocabulary.size());
  }
}

int32_t Session::NextInput() const { return drawn_ >= 0 ? drawn_ : prompt_[prompt_read_]; }

Event Session::Accept(absl::Span<const float> logits, std::string* text) {
  const auto prompt_size = static_cast<int64_t>(prompt_.size());
  if (prompt_read_ < prompt_size && ++prompt_read_ < prompt_size) return Event::kReading;
  for (size_t byte = 0; byte < allowed_.size(); ++byte) {
    allowed_[byte] = utf8_.Accepts(static_cast<uint8_t>(byte));
  }
  const double uniform = RandomUniform(options_.seed, options_.sample_index, symbols_drawn_++);
  const Draw draw = sampler_.Next<float>(logits, options_.temperature, uniform, allowed_);
  drawn_ = draw.id;
  logprob_ += draw.logprob;
  model_->vocabulary.AppendText(draw.id, &character_);
  if (!allowed_.empty() && !utf8_.Advance(static_cast<uint8_t>(draw.id))) return Event::kMidChar;
  text->append(character_);
  character_.clear();
  return ++generated_chars_ == options_.max_chars ? End(FinishReason::kLength) : Event::kChar;
}

void Session::Interrupt(std::string* /*text*/) {
  if (!ended()) End(FinishReason::kInterrupted);
}

Event Session::End(FinishReason reason) {
  finish_reason_ = reason;
  return Event::kEnd;
}

}  // namespace runnel
