#include "core/generate/session.h"

#include <algorithm>
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
      state_(std::move(state)),
      logits_(model_->vocabulary.size()) {
  state_.resize(model_->decoder->state_size());
  if (model_->vocabulary.kind() == VocabularyKind::kBytes) {
    allowed_.resize(model_->vocabulary.size());
  }
}

bool Session::ReadPrompt(int64_t symbols_max) {
  const auto size = static_cast<int64_t>(prompt_.size());
  for (int64_t i = 0; i < symbols_max && prompt_read_ < size; ++i) Read(prompt_[prompt_read_++]);
  return prompt_read_ == size;
}

bool Session::NextChar(std::string* text) {
  if (generated_chars_ == options_.max_chars) return false;
  ++generated_chars_;
  bool whole = false;
  while (!whole) {
    const int32_t id = DrawSymbol();
    model_->vocabulary.AppendText(id, text);
    whole = allowed_.empty() || utf8_.Advance(static_cast<uint8_t>(id));
  }
  return true;
}

void Session::Read(int32_t id) {
  float* state = state_.data();
  model_->decoder->Step({&id, 1}, {&state, 1}, logits_.data());
}

int32_t Session::DrawSymbol() {
  if (unread_ >= 0) Read(unread_);
  for (size_t byte = 0; byte < allowed_.size(); ++byte) {
    allowed_[byte] = utf8_.Accepts(static_cast<uint8_t>(byte));
  }
  const double uniform = RandomUniform(options_.seed, options_.sample_index, symbols_drawn_++);
  const Draw draw = sampler_.Next<float>(logits_, options_.temperature, uniform, allowed_);
  logprob_ += draw.logprob;
  unread_ = draw.id;
  return draw.id;
}

}  // namespace runnel
