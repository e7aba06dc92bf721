#include "core/generate/text_gate.h"

#include <utility>

#include "core/text/utf8.h"

namespace runnel {

bool TextGate::Push(CharLogprob character, std::string* text) {
  if (stops_ == nullptr) {
    LetOut(std::move(character), text);
    return false;
  }
  state_ = stops_->Next(state_, character.character);
  held_.push_back(std::move(character));
  const int matched = stops_->matched(state_);
  const int begun = matched >= 0 ? stops_->chars_of(matched) : stops_->chars(state_);
  while (static_cast<int>(held_.size()) > begun) {
    LetOut(std::move(held_.front()), text);
    held_.pop_front();
  }
  if (matched < 0) return false;
  matched_stop_ = stops_->text(matched);
  if (include_stop_) Flush(text);
  held_.clear();
  return true;
}

void TextGate::Flush(std::string* text) {
  for (CharLogprob& character : held_) LetOut(std::move(character), text);
  held_.clear();
  state_ = 0;
}

std::vector<CharLogprob> TextGate::TakeLogprobs() { return std::exchange(logprobs_, {}); }

void TextGate::LetOut(CharLogprob character, std::string* text) {
  AppendUtf8(character.character, text);
  ++chars_;
  logprob_ += character.logprob;
  if (keep_logprobs_) logprobs_.push_back(std::move(character));
}

}  // namespace runnel
