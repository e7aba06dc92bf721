#include "server/text_generation/sample_call.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/out_of_memory.h"
#include "server/wire/generation_convert.h"

namespace runnel::server {
namespace {

// Nats a character; an empty text is the least likely of all.
double LogprobPerChar(const v1::SampledText& text) {
  const int chars = text.summary().generated_chars();
  if (chars == 0) return -std::numeric_limits<double>::infinity();
  return static_cast<double>(text.summary().logprob()) / chars;
}

}  // namespace

// One of the texts, which it writes into its own place in texts_.
class SampleCall::TextTask : public Scheduler::Text {
 public:
  TextTask(std::shared_ptr<SampleCall> call, GenerationRun run, v1::SampledText* text)
      : call_(std::move(call)), run_(std::move(run)), text_(*text) {}

  Session& session() override { return run_.session(); }

  bool Continues() override {
    if (call_->cancelled() || call_->parts_.generation.draining()) {
      run_.Interrupt(text_.mutable_text());  // nobody hears of it if it was cancelled
      End();
      return false;
    }
    run_.NoteStep();
    return true;
  }

  bool OnStep(Event event, absl::string_view written) override {
    run_.NoteEvent(event);
    text_.mutable_text()->append(written.data(), written.size());
    AddLogprobs();
    if (event != Event::kEnd) return true;
    End();
    return false;
  }

 private:
  void AddLogprobs() {
    for (const CharLogprob& character : run_.TakeLogprobs()) {
      *text_.add_logprobs() = ToProto(character);
    }
  }
  void End() {
    AddLogprobs();
    auto summary = run_.Summary();
    const absl::Status status = summary.status();
    if (status.ok()) *text_.mutable_summary() = *std::move(summary);
    call_->TextEnded(status);
  }

  const std::shared_ptr<SampleCall> call_;
  GenerationRun run_;
  v1::SampledText& text_;
};

SampleCall* SampleCall::Start(const TextGenerationParts& parts, const v1::SampleRequest* request,
                              v1::SampleResponse* response) {
  const std::shared_ptr<SampleCall> call(new SampleCall(parts, request, response));
  call->OwnItself();
  const absl::Status status = parts.requests.Submit(
      request->model(), *request, [call](const FoundModel& found) { call->Prepare(found); });
  if (!status.ok()) call->End(status);
  return call.get();
}

void SampleCall::Prepare(const FoundModel& found) {
  const absl::Status status = OrOutOfMemory("the texts", [&] { return TryPrepare(found); });
  if (!status.ok()) End(status);
}

absl::Status SampleCall::TryPrepare(const FoundModel& found) {
  Violations violations;
  const SamplingOptions sampling =
      ReadSampling(request_, parts_.limits.chars_max, parts_.limits.message_bytes_max, &violations);
  const int texts = violations.empty() ? NumTexts(request_) : 1;
  if (texts > parts_.limits.texts_max) {
    return InvalidField(request_.has_best_of() ? "best_of" : "num_samples",
                        absl::StrCat("is ", texts, "; this server writes at most ",
                                     parts_.limits.texts_max, " texts at a time"));
  }
  auto admission = parts_.generation.Admit(texts);
  if (!admission.ok()) return admission.status();
  admission_ = *std::move(admission);

  absl::StatusOr<GenerationStart> start = StartGeneration(
      {.prompt = request_.prompt(),
       .skip_unknown = request_.skip_unknown_prompt_chars(),
       .resume_state = request_.resume_state(),
       .texts = texts,
       .request_bytes = static_cast<int64_t>(request_.ByteSizeLong()),
       .response_bytes =
           violations.empty() ? texts * sampling.max_chars * MemoryPerChar(sampling) : 0,
       .arrival = arrival_},
      found, sampling, std::move(violations), parts_);
  if (!start.ok()) return start.status();
  text_memory_ = std::move(start->text_memory);
  texts_left_ = texts;
  texts_.resize(texts);
  for (int i = 0; i < texts; ++i) {
    parts_.generation.Schedule(
        std::make_shared<TextTask>(SharedAs<SampleCall>(), std::move(start->runs[i]), &texts_[i]));
  }
  return absl::OkStatus();
}

void SampleCall::TextEnded(const absl::Status& status) {
  if (!status.ok()) {
    const MutexLock lock(&mutex_);
    failure_ = status;
  }
  if (--texts_left_ > 0) return;
  const MutexLock lock(&mutex_);
  if (cancelled()) return FinishOnce(absl::CancelledError(""));
  if (!failure_.ok()) return FinishOnce(failure_);
  if (request_.has_best_of()) {
    std::stable_sort(texts_.begin(), texts_.end(), [](const auto& a, const auto& b) {
      return LogprobPerChar(a) > LogprobPerChar(b);
    });
    texts_.resize(NumSamples(request_));
  }
  for (v1::SampledText& text : texts_) response_.add_samples()->Swap(&text);
  FinishOnce(absl::OkStatus());
}

}  // namespace runnel::server
