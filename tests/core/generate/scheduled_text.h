// Texts for a scheduler, and the models that write them.
#ifndef RUNNEL_TESTS_CORE_GENERATE_SCHEDULED_TEXT_H_
#define RUNNEL_TESTS_CORE_GENERATE_SCHEDULED_TEXT_H_

#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/generate/scheduler.h"
#include "core/generate/single_stream.h"
#include "tests/core/generate/random_model.h"

namespace runnel {

inline constexpr char32_t kLetters[] = U"\n abcdefghij\u00E9\u4E16";
inline constexpr int kLetterCount = static_cast<int>(std::size(kLetters)) - 1;

inline Vocabulary ManyLetters() {
  return Vocabulary::FromCodePoints({kLetters, kLetters + kLetterCount}).value();
}

inline std::shared_ptr<const LanguageModel> ModelOf(
    CellType cell, DecodePrecision precision = DecodePrecision::kF32, int hidden = 24) {
  return RandomModel(ManyLetters(), /*digest=*/1, precision,
                     {.cell = cell, .num_layers = 2, .hidden_size = hidden});
}

inline Session NewSession(const std::shared_ptr<const LanguageModel>& model, uint64_t seed,
                          int max_chars, std::vector<int32_t> prompt = {1, 2, 3}) {
  return Session(model, {.seed = seed, .max_chars = max_chars}, std::move(prompt));
}

inline std::string Alone(Session session) { return SingleStream(std::move(session)).WriteAll(); }

// Leaves when it is cancelled, at its end and, to be added again, after each `pause_every` steps.
struct ScheduledText : Scheduler::Text {
  explicit ScheduledText(Session s) : written_by(std::move(s)) {}

  Session& session() override { return written_by; }
  bool Continues() override { return !cancelled; }
  bool OnStep(Event event, absl::string_view written) override {
    ++steps;
    text.append(written.data(), written.size());
    ended = event == Event::kEnd;
    if (ended) return false;
    return steps % pause_every != 0;
  }

  Session written_by;
  std::string text;
  int64_t steps = 0;
  int64_t pause_every = 1'000'000'000;
  bool cancelled = false;
  bool ended = false;
};

inline std::shared_ptr<ScheduledText> NewText(const std::shared_ptr<const LanguageModel>& model,
                                              uint64_t seed, int max_chars,
                                              std::vector<int32_t> prompt = {1, 2, 3}) {
  return std::make_shared<ScheduledText>(NewSession(model, seed, max_chars, std::move(prompt)));
}

// Texts of the seeds 0, 1, ..., each written to its end among the others.
inline std::vector<std::shared_ptr<ScheduledText>> WriteTogether(
    const std::shared_ptr<const LanguageModel>& model, int count, int max_chars) {
  Scheduler scheduler;
  std::vector<std::shared_ptr<ScheduledText>> texts;
  for (int seed = 0; seed < count; ++seed) {
    texts.push_back(NewText(model, seed, max_chars));
    scheduler.Add(texts.back());
  }
  while (scheduler.size() > 0) scheduler.Step();
  return texts;
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_GENERATE_SCHEDULED_TEXT_H_
