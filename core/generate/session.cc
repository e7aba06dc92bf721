#include "core/generate/session.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/math/random.h"

namespace runnel {

Session::Session(std::shared_ptr<const LanguageModel> model, const SamplingOptions& options,
                 std::vector<int32_t> prompt, std::vector<float> state)
    : model_(std::move(model)),
      options_(options),
      prompt_(std::move(prompt)),
      state_(std::move(state)),
      allowed_(&model_->vocabulary, options.constraint),
      assembler_(&model_->vocabulary, options.top_logprobs.value_or(0)),
      gate_(options.stops, options.include_stop, options.top_logprobs.has_value()) {
  const Vocabulary& vocabulary = model_->vocabulary;
  recent_.AddText(vocabulary, prompt_);
  if (prompt_.empty() || (state_.empty() && vocabulary.EndOfDocumentId())) {
    prompt_.reserve(prompt_.size() + 1);  // otherwise the insertion doubles the capacity
    prompt_.insert(prompt_.begin(), vocabulary.StartId());
  }
  state_.resize(model_->decoder->state_size());
  KeepStateBeforeLastRead();
}

absl::StatusOr<Session> Session::Resume(std::shared_ptr<const LanguageModel> model,
                                        const SamplingOptions& options, const SessionState& resumed,
                                        std::vector<int32_t> prompt) {
  prompt.reserve(prompt.size() + 1);
  prompt.insert(prompt.begin(), resumed.last_symbol);
  Session session(std::move(model), options, std::move(prompt), resumed.state);
  session.recent_ = RecentChars();
  for (const char32_t character : resumed.recent) session.recent_.Add(character);
  session.recent_.AddText(session.model_->vocabulary,
                          absl::MakeConstSpan(session.prompt_).subspan(1));
  session.position_ = resumed.position;
  session.resumed_held_ = resumed.held;
  if (absl::Status status = session.allowed_.Resume(resumed); !status.ok()) return status;
  session.assembler_.Resume(resumed);
  session.KeepStateBeforeLastRead();
  return session;
}

Event Session::Accept(absl::Span<const float> logits, Sampler* sampler, std::string* text) {
  if (last_drawn_ < 0) {
    if (!prompt_read()) {
      NoteRead(1);
      return Event::kReading;
    }
    ++prompt_read_;
    if (EndsAtOnce(text)) return Event::kEnd;
  }
  if (!AllFinite(logits)) return End(FinishReason::kNotFinite, text);
  const Draw draw = DrawSymbol(logits, sampler);
  last_drawn_ = draw.id;
  if (draw.id == model_->vocabulary.EndOfDocumentId()) {
    std::fill(state_.begin(), state_.end(), 0.0f);  // as in training: a document's state is its own
    return End(FinishReason::kEndOfDocument, text);
  }
  allowed_.Take(draw.id);
  std::optional<CharLogprob> character = assembler_.Add(draw, *sampler);
  return character ? TakeChar(*std::move(character), text) : Event::kMidChar;
}

bool Session::EndsAtOnce(std::string* text) {
  if (PushResumedHeld(text)) {
    End(FinishReason::kStopSequence, text);
  } else if (allowed_.at_dead_end()) {
    EndPattern(text);
  }
  return ended();
}

bool Session::PushResumedHeld(std::string* text) {
  for (const SessionState::Held& held : std::exchange(resumed_held_, {})) {
    CharLogprob character = {.character = held.character, .logprob = held.logprob};
    if (gate_.Push(std::move(character), text)) return true;
  }
  return false;
}

Draw Session::DrawSymbol(absl::Span<const float> logits, Sampler* sampler) {
  const absl::Span<const uint8_t> allowed = allowed_.Next(assembler_.utf8());
  const double uniform = RandomUniform(seed(), options_.sample_index, position_++);
  return sampler->Next(logits, options_.sampler, Offsets(), uniform, allowed,
                       allowed_.NextByUtf8());
}

absl::Span<const LogitOffset> Session::Offsets() {
  offsets_.clear();
  // The characters that a bias forbids are part of the constraint instead.
  if (options_.bias_offsets != nullptr) {
    const auto found = options_.bias_offsets->find(assembler_.partial());
    if (found != options_.bias_offsets->end()) offsets_ = found->second;
  }
  if (options_.repetition_penalty != 1) {
    recent_.AppendOffsets(model_->vocabulary, assembler_.partial(),
                          -std::log(options_.repetition_penalty), &offsets_);
  }
  return offsets_;
}

Event Session::TakeChar(CharLogprob character, std::string* text) {
  if (options_.repetition_penalty != 1 || options_.return_state) recent_.Add(character.character);
  ++chars_drawn_;
  allowed_.NoteCharEnd();
  const bool stops = gate_.Push(std::move(character), text);
  if (stops) return End(FinishReason::kStopSequence, text);
  if (allowed_.at_dead_end()) return EndPattern(text);
  if (chars_drawn_ == options_.max_chars) return End(FinishReason::kLength, text);
  return Event::kChar;
}

Event Session::EndPattern(std::string* text) {
  return End(allowed_.matches() ? FinishReason::kPatternComplete : FinishReason::kPatternImpossible,
             text);
}

Event Session::End(FinishReason reason, std::string* text) {
  if (options_.return_state && !AllFinite(StateToSave())) reason = FinishReason::kNotFinite;
  finish_reason_ = reason;
  const bool resumable = reason == FinishReason::kLength || reason == FinishReason::kInterrupted;
  if (!resumable || !options_.return_state) gate_.Flush(text);
  return Event::kEnd;
}

void Session::Interrupt(std::string* text) {
  if (ended()) return;
  const bool stops = PushResumedHeld(text);
  End(stops ? FinishReason::kStopSequence : FinishReason::kInterrupted, text);
}

void Session::KeepStateBeforeLastRead() {
  const bool may_end_undrawn = allowed_.at_dead_end() || !resumed_held_.empty();
  if (options_.return_state && may_end_undrawn && prompt_read()) state_before_last_ = state_;
}

const std::vector<float>& Session::StateToSave() const {
  const bool ended_undrawn =
      last_drawn_ < 0 && prompt_read_ == static_cast<int64_t>(prompt_.size());
  return ended_undrawn ? state_before_last_ : state_;
}

std::optional<SessionState> Session::Save() const {
  if (finish_reason_ == FinishReason::kNotFinite) return std::nullopt;
  if (last_drawn_ < 0 && !prompt_read()) return std::nullopt;
  SessionState saved;
  saved.seed = seed();
  saved.sample_index = options_.sample_index;
  saved.position = position_;
  saved.state = StateToSave();
  saved.last_symbol = last_drawn_ >= 0 ? last_drawn_ : prompt_.back();
  saved.recent = recent_.List();
  saved.partial = assembler_.partial();
  saved.partial_logprob = assembler_.partial_logprob();
  saved.held = resumed_held_;  // or, once those are pushed:
  for (const CharLogprob& held : gate_.held()) {
    saved.held.push_back({held.character, held.logprob});
  }
  allowed_.Save(&saved);
  return saved;
}

}  // namespace runnel
