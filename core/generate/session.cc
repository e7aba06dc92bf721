#include "core/generate/session.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/math/random.h"

namespace runnel {
namespace {

constexpr int kBytes = 256;
constexpr int kAsciiBytes = 128;

// Tells apart the sets of bytes that can follow: between characters, and inside one by the bounds
// of its next byte, which is 80..BF, A0..BF, 90..BF, 80..9F or 80..8F.
int MaskOf(const Utf8Machine& utf8) {
  if (utf8.AtBoundary()) return 0;
  return 1 + utf8.Accepts(0x80) + 2 * utf8.Accepts(0x90) + 4 * utf8.Accepts(0xA0);
}

}  // namespace

Session::Session(std::shared_ptr<const LanguageModel> model, const SamplingOptions& options,
                 std::vector<int32_t> prompt, std::vector<float> state)
    : model_(std::move(model)),
      options_(options),
      prompt_(std::move(prompt)),
      state_(std::move(state)),
      gate_(options.stops, options.include_stop, options.top_logprobs.has_value()) {
  const Vocabulary& vocabulary = model_->vocabulary;
  AddRecent(prompt_);
  if (prompt_.empty() || (state_.empty() && vocabulary.EndOfDocumentId())) {
    prompt_.reserve(prompt_.size() + 1);  // else the insertion makes room for twice as many
    prompt_.insert(prompt_.begin(), vocabulary.StartId());
  }
  state_.resize(model_->decoder->state_size());
  if (options_.constraint != nullptr) char_place_ = place_ = options_.constraint->Start();
  if (is_bytes()) utf8_allowed_.resize(vocabulary.size());
  const bool has_others = vocabulary.size() > vocabulary.char_count();
  if (is_bytes() || has_others) {
    characters_.resize(vocabulary.size());
    std::fill_n(characters_.begin(), is_bytes() ? kAsciiBytes : vocabulary.char_count(), 1);
  }
  if (!is_bytes() && vocabulary.UnknownId()) {
    allowed_.assign(vocabulary.size(), 1);
    allowed_[*vocabulary.UnknownId()] = 0;
  }
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
  session.AddRecent(absl::MakeConstSpan(session.prompt_).subspan(1));
  session.position_ = resumed.position;
  session.resumed_held_ = resumed.held;
  if (absl::Status status = session.ResumePlace(resumed); !status.ok()) return status;
  for (const char byte : resumed.partial) session.utf8_.Advance(static_cast<uint8_t>(byte));
  session.partial_ = resumed.partial;
  session.next_char_.logprob = resumed.partial_logprob;
  session.KeepStateBeforeLastRead();
  return session;
}

absl::Status Session::ResumePlace(const SessionState& resumed) {
  const Pattern* constraint = options_.constraint.get();
  if (constraint == nullptr) return absl::OkStatus();
  if (constraint->fingerprint() == resumed.pattern_fingerprint) {
    auto place = constraint->Restore(resumed.pattern_places, resumed.pattern_accepts);
    if (!place.ok()) return place.status();
    char_place_ = place_ = *std::move(place);
  }
  for (const char byte : resumed.partial) {
    const auto id = static_cast<uint8_t>(byte);
    if (place_->allowed[id] == 0) {
      return absl::InvalidArgumentError(
          "stands inside a character that the pattern does not allow");
    }
    place_ = constraint->Next(*place_, id);
  }
  return absl::OkStatus();
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
  next_char_.logprob += draw.logprob;
  if (place_ != nullptr) place_ = options_.constraint->Next(*place_, draw.id);
  if (!is_bytes()) {
    NoteAlternatives(draw, *sampler, /*completes=*/true);
    return CompleteChar(model_->vocabulary.Symbol(draw.id), text);
  }
  const bool completes = utf8_.Advance(static_cast<uint8_t>(draw.id));
  NoteAlternatives(draw, *sampler, completes);
  if (completes) {
    partial_.clear();
    return CompleteChar(utf8_.code_point(), text);
  }
  partial_.push_back(static_cast<char>(draw.id));
  return Event::kMidChar;
}

bool Session::EndsAtOnce(std::string* text) {
  if (PushResumedHeld(text)) {
    End(FinishReason::kStopSequence, text);
  } else if (at_dead_end()) {
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

absl::Span<const uint8_t> Session::Allowed() {
  if (is_bytes() && utf8_mask_ != MaskOf(utf8_)) {
    utf8_mask_ = MaskOf(utf8_);
    for (int byte = 0; byte < kBytes; ++byte) {
      utf8_allowed_[byte] = utf8_.Accepts(static_cast<uint8_t>(byte));
    }
    // A document does not end inside a character.
    if (const auto end = model_->vocabulary.EndOfDocumentId()) {
      utf8_allowed_[*end] = utf8_.AtBoundary();
    }
  }
  if (place_ == nullptr) return is_bytes() ? utf8_allowed_ : allowed_;
  const std::optional<int32_t> end = model_->vocabulary.EndOfDocumentId();
  if (!end) return place_->allowed;
  // A text may end where it matches.
  allowed_and_end_.assign(place_->allowed.begin(), place_->allowed.end());
  allowed_and_end_[*end] = place_->accepts && utf8_.AtBoundary();
  return allowed_and_end_;
}

Draw Session::DrawSymbol(absl::Span<const float> logits, Sampler* sampler) {
  const absl::Span<const uint8_t> allowed = Allowed();
  const double uniform = RandomUniform(seed(), options_.sample_index, position_++);
  return sampler->Next(logits, options_.sampler, Offsets(), uniform, allowed, utf8_allowed_);
}

absl::Span<const LogitOffset> Session::Offsets() {
  offsets_.clear();
  // What a bias forbids is part of the constraint.
  if (options_.bias_offsets != nullptr) {
    const auto found = options_.bias_offsets->find(partial_);
    if (found != options_.bias_offsets->end()) offsets_ = found->second;
  }
  if (options_.repetition_penalty != 1) {
    recent_.AppendOffsets(model_->vocabulary, partial_, -std::log(options_.repetition_penalty),
                          &offsets_);
  }
  return offsets_;
}

void Session::NoteAlternatives(const Draw& drawn, const Sampler& sampler, bool completes) {
  const int count = options_.top_logprobs.value_or(0);
  if (count < 1) return;
  const Vocabulary& vocabulary = model_->vocabulary;
  const auto likelier = [](const CharAlternative& a, const CharAlternative& b) {
    return a.logprob > b.logprob;
  };
  std::vector<CharAlternative>& alternatives = next_char_.alternatives;
  if (!is_bytes() || partial_.empty()) {
    for (const Draw& draw : sampler.Likeliest(count, characters_)) {
      alternatives.push_back({vocabulary.Symbol(draw.id), draw.logprob});
    }
    return;
  }
  if (!completes) return;
  // Every byte that could have stood here completes a character, whose first bytes are written.
  const double before = next_char_.logprob - drawn.logprob;
  for (const Draw& draw : sampler.Likeliest(count, {})) {
    Utf8Machine utf8;
    for (const char byte : partial_) utf8.Advance(static_cast<uint8_t>(byte));
    utf8.Advance(static_cast<uint8_t>(draw.id));
    alternatives.push_back({utf8.code_point(), before + draw.logprob});
  }
  std::stable_sort(alternatives.begin(), alternatives.end(), likelier);
  if (static_cast<int>(alternatives.size()) > count) alternatives.resize(count);
}

Event Session::CompleteChar(char32_t character, std::string* text) {
  if (options_.repetition_penalty != 1 || options_.return_state) recent_.Add(character);
  ++chars_drawn_;
  char_place_ = place_;
  next_char_.character = character;
  const bool stops = gate_.Push(std::exchange(next_char_, {}), text);
  if (stops) return End(FinishReason::kStopSequence, text);
  if (at_dead_end()) return EndPattern(text);
  if (chars_drawn_ == options_.max_chars) return End(FinishReason::kLength, text);
  return Event::kChar;
}

Event Session::EndPattern(std::string* text) {
  return End(place_->accepts ? FinishReason::kPatternComplete : FinishReason::kPatternImpossible,
             text);
}

Event Session::End(FinishReason reason, std::string* text) {
  if (options_.return_state && !AllFinite(StateToSave())) reason = FinishReason::kNotFinite;
  finish_reason_ = reason;
  const bool goes_on = reason == FinishReason::kLength || reason == FinishReason::kInterrupted;
  if (!goes_on || !options_.return_state) gate_.Flush(text);
  return Event::kEnd;
}

void Session::Interrupt(std::string* text) {
  if (ended()) return;
  const bool stops = PushResumedHeld(text);
  End(stops ? FinishReason::kStopSequence : FinishReason::kInterrupted, text);
}

void Session::AddRecent(absl::Span<const int32_t> prompt) {
  if (!is_bytes()) {
    for (const int32_t id : prompt.last(std::min<size_t>(prompt.size(), RecentChars::kMax))) {
      const char32_t character = model_->vocabulary.Symbol(id);
      if (character != Vocabulary::kNoCharacter) recent_.Add(character);
    }
    return;
  }
  constexpr size_t kCharBytesMax = 4;
  prompt = prompt.last(std::min(prompt.size(), RecentChars::kMax * kCharBytesMax));
  Utf8Machine utf8;
  for (const int32_t id : prompt) {
    const auto byte = static_cast<uint8_t>(id);
    if (!utf8.Accepts(byte)) continue;  // the rest of a character that begins too early
    if (utf8.Advance(byte)) recent_.Add(utf8.code_point());
  }
}

void Session::KeepStateBeforeLastRead() {
  const bool may_end_undrawn = at_dead_end() || !resumed_held_.empty();
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
  saved.partial = partial_;
  saved.partial_logprob = next_char_.logprob;
  saved.held = resumed_held_;  // or, once those are pushed:
  for (const CharLogprob& held : gate_.held()) {
    saved.held.push_back({held.character, held.logprob});
  }
  if (place_ != nullptr) {
    saved.pattern_fingerprint = options_.constraint->fingerprint();
    saved.pattern_places = char_place_->places;
    saved.pattern_accepts = char_place_->accepts;
  }
  return saved;
}

}  // namespace runnel
