#include "core/generate/scheduler.h"

#include <algorithm>
#include <utility>

namespace runnel {

void Scheduler::Add(std::shared_ptr<Text> text) {
  const LanguageModel* model = &text->session().model();
  auto group = std::find_if(groups_.begin(), groups_.end(),
                            [model](const Group& g) { return g.model == model; });
  if (group == groups_.end()) group = groups_.insert(groups_.end(), Group{.model = model});
  group->texts.push_back(std::move(text));
  ++size_;
}

int Scheduler::Step() {
  const int64_t before = size_;
  for (Group& group : groups_) {
    std::erase_if(group.texts, [](const auto& text) { return !text->Continues(); });
  }
  ReadAhead();
  for (Group& group : groups_) {
    auto& texts = group.texts;
    const auto count = static_cast<int64_t>(texts.size());
    int64_t done = 0;
    for (int64_t parts = (count + kColumnsMax - 1) / kColumnsMax; parts > 0; --parts) {
      const int64_t columns = (count - done + parts - 1) / parts;  // parts of nearly equal size
      // The texts keep their model alive.
      StepTexts(*group.model, absl::MakeSpan(texts).subspan(done, columns));
      done += columns;
    }
    std::erase(texts, nullptr);
  }
  std::erase_if(groups_, [](const Group& group) { return group.texts.empty(); });
  size_ = 0;
  for (const Group& group : groups_) size_ += static_cast<int64_t>(group.texts.size());
  return static_cast<int>(before - size_);
}

void Scheduler::ReadAhead() {
  std::vector<Session*> readers;
  for (const Group& group : groups_) {
    for (const auto& text : group.texts) {
      Session& session = text->session();
      if (!session.PromptAhead().empty()) readers.push_back(&session);
    }
  }
  if (readers.empty() || static_cast<int64_t>(readers.size()) > kReadersAheadMax) return;
  std::sort(readers.begin(), readers.end(), [](const Session* a, const Session* b) {
    return a->PromptAhead().size() < b->PromptAhead().size();
  });
  int64_t symbols_left = kReadAheadMax;
  const bool alone = size_ == static_cast<int64_t>(readers.size());
  int64_t cost_left = alone ? kReadAheadCostAlone : kReadAheadCost;
  for (Session* reader : readers) {
    const Decoder<float>& decoder = *reader->model().decoder;
    const int64_t symbols_max = std::min(symbols_left, cost_left / decoder.read_cost());
    if (symbols_max == 0) continue;  // a prompt of a smaller model may still fit
    const absl::Span<const int32_t> slice = reader->PromptAhead().subspan(0, symbols_max);
    const auto symbols = static_cast<int64_t>(slice.size());
    decoder.Read(slice, reader->state(), &scratch_);
    reader->NoteRead(symbols);
    symbols_left -= symbols;
    cost_left -= symbols * decoder.read_cost();
  }
}

void Scheduler::StepTexts(const LanguageModel& model, absl::Span<std::shared_ptr<Text>> texts) {
  const int64_t vocabulary = model.vocabulary.size();
  ids_.clear();
  states_.clear();
  for (const auto& text : texts) {
    Session& session = text->session();
    ids_.push_back(session.NextInput());
    states_.push_back(session.state());
  }
  const auto logits = texts.size() * static_cast<size_t>(vocabulary);
  if (logits_.size() < logits) logits_.resize(logits);
  model.decoder->Step(ids_, states_, logits_.data(), &scratch_);
  for (size_t i = 0; i < texts.size(); ++i) {
    written_.clear();
    const absl::Span<const float> row(logits_.data() + static_cast<int64_t>(i) * vocabulary,
                                      static_cast<size_t>(vocabulary));
    const Event event = texts[i]->session().Accept(row, &sampler_, &written_);
    if (!texts[i]->OnStep(event, written_)) texts[i].reset();
  }
}

std::shared_ptr<Scheduler::Text> Scheduler::Take() {
  const auto largest = std::max_element(
      groups_.begin(), groups_.end(),
      [](const Group& a, const Group& b) { return a.texts.size() < b.texts.size(); });
  if (largest == groups_.end()) return nullptr;
  std::shared_ptr<Text> text = std::move(largest->texts.back());
  largest->texts.pop_back();
  if (largest->texts.empty()) groups_.erase(largest);
  --size_;
  return text;
}

}  // namespace runnel
