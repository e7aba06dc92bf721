#include "server/text_generation/generate_chars_call.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/out_of_memory.h"
#include "core/text/utf8.h"
#include "server/wire/generation_convert.h"

namespace runnel::server {
namespace {

// Text that may wait for a slow reader.
constexpr size_t kPendingBytesMax = 4096;
// Log-probabilities of characters that may wait; each of them may have many alternatives.
constexpr size_t kPendingLogprobsMax = 512;
// The writing resumes when the buffer is less full than this.
constexpr double kResumeShare = 0.5;
// The least time between two messages of a text, for each other text under way. The server thus
// sends at most some 2,500 messages a second, and nearly all processor time goes to the texts.
constexpr std::chrono::microseconds kMessageSpacing(400);
// The largest such distance, however many texts there are: a reader should see that the text grows.
constexpr std::chrono::microseconds kMessageSpacingMax(500'000);

// The bytes of the first `chars` characters of valid UTF-8.
size_t PrefixBytes(absl::string_view text, size_t chars) {
  size_t bytes = 0;
  while (bytes < text.size()) {
    if (BeginsChar(text[bytes]) && chars-- == 0) break;
    ++bytes;
  }
  return bytes;
}

// The most memory of what waits for the reader. Alternatives take up to twice their size, because
// vectors grow in powers of two.
int64_t PendingBytesMax(const SamplingOptions& sampling) {
  const auto text = static_cast<int64_t>(kPendingBytesMax);
  if (!sampling.top_logprobs) return text;
  const int64_t chars = std::min(static_cast<int64_t>(kPendingLogprobsMax), sampling.max_chars);
  const auto alternatives = static_cast<int64_t>(2 * sizeof(CharAlternative));
  return text + chars * (static_cast<int64_t>(sizeof(CharLogprob)) +
                         alternatives * int64_t{*sampling.top_logprobs});
}

}  // namespace

GenerateCharsCall* GenerateCharsCall::Start(const TextGenerationParts& parts,
                                            const v1::GenerateCharsRequest* request) {
  const std::shared_ptr<GenerateCharsCall> call(new GenerateCharsCall(parts, request));
  call->OwnItself();
  auto admission = parts.generation.Admit(1);
  absl::Status status = admission.status();
  if (status.ok()) {
    {
      const MutexLock lock(&call->mutex_);
      call->admission_ = *std::move(admission);
    }
    status = parts.requests.Submit(request->model(), *request,
                                   [call](const FoundModel& found) { call->Prepare(found); });
  }
  if (!status.ok()) call->End(status);
  return call.get();
}

void GenerateCharsCall::Prepare(const FoundModel& found) {
  const absl::Status status = OrOutOfMemory("the text", [&] { return TryPrepare(found); });
  if (!status.ok()) End(status);
}

absl::Status GenerateCharsCall::TryPrepare(const FoundModel& found) {
  Violations violations;
  const SamplingOptions sampling = ReadSampling(request_, parts_.limits.chars_max, &violations);
  const GenerationInput input{.prompt = request_.prompt(),
                              .skip_unknown = request_.skip_unknown_prompt_chars(),
                              .resume_state = request_.resume_state(),
                              .request_bytes = static_cast<int64_t>(request_.ByteSizeLong()),
                              .response_bytes = PendingBytesMax(sampling),
                              .arrival = arrival_};
  absl::StatusOr<GenerationStart> start =
      StartGeneration(input, found, sampling, std::move(violations), parts_);
  if (!start.ok()) return start.status();
  text_memory_ = std::move(start->text_memory);
  run_ = std::make_unique<GenerationRun>(std::move(start->runs.front()));
  if (request_.has_max_chars_per_message()) chars_max_ = request_.max_chars_per_message();
  parts_.generation.Schedule(SharedAs<GenerateCharsCall>());
  return absl::OkStatus();
}

bool GenerateCharsCall::Continues() {
  if (!cancelled() && !parts_.generation.draining()) {
    run_->NoteStep();
    return true;
  }
  std::string rest;
  run_->Interrupt(&rest);  // nobody hears of it if it was cancelled
  EndText(rest);
  return false;
}

bool GenerateCharsCall::OnStep(Event event, absl::string_view written) {
  run_->NoteEvent(event);
  if (event != Event::kEnd) return Deliver(written);
  EndText(written);
  return false;
}

bool GenerateCharsCall::Deliver(absl::string_view written) {
  const MutexLock lock(&mutex_);
  TakeTextLocked(written);
  if (!WaitsForMoreLocked()) SendLocked();
  // If the call was cancelled before this point, OnCancelled found no paused text to resume. The
  // text must then not pause, because nothing would resume it.
  paused_ = PendingShareLocked() >= 1 && write_in_flight_ && !cancelled();
  return !paused_;
}

void GenerateCharsCall::EndText(absl::string_view written) {
  const MutexLock lock(&mutex_);
  TakeTextLocked(written);
  auto summary = run_->Summary();
  if (summary.ok()) {
    summary_ = *std::move(summary);
  } else {
    failure_ = summary.status();
  }
  run_.reset();
  text_ended_ = true;
  SendLocked();
}

void GenerateCharsCall::TakeTextLocked(absl::string_view written) {
  if (written.empty()) return;
  pending_.append(written.data(), written.size());
  for (CharLogprob& character : run_->TakeLogprobs()) {
    pending_logprobs_.push_back(std::move(character));
  }
}

double GenerateCharsCall::PendingShareLocked() const {
  return std::max(static_cast<double>(pending_.size()) / kPendingBytesMax,
                  static_cast<double>(pending_logprobs_.size()) / kPendingLogprobsMax);
}

bool GenerateCharsCall::WaitsForMoreLocked() const {
  if (text_ended_ || cancelled() || chars_max_ > 0) return false;
  if (pending_.empty() || PendingShareLocked() >= kResumeShare) return false;
  if (!last_message_) return false;
  const auto spacing =
      std::min(kMessageSpacing * (parts_.generation.active() - 1), kMessageSpacingMax);
  return GenerationRun::Clock::now() - *last_message_ < spacing;
}

void GenerateCharsCall::SendLocked() {
  if (finished() || write_in_flight_) return;
  if (cancelled()) {
    // While the text is still being written, its task ends it and then calls this function again.
    if (text_ended_) FinishOnce(absl::CancelledError(""));
    return;
  }
  if (pending_.empty() && !text_ended_) return;
  if (pending_.empty() && !failure_.ok()) return FinishOnce(failure_);
  TakeMessageLocked();
  if (text_ended_ && pending_.empty() && failure_.ok()) {
    *message_.mutable_summary() = summary_;
    return WriteAndFinishOnce(&message_);
  }
  write_in_flight_ = true;
  last_message_ = GenerationRun::Clock::now();
  StartWrite(&message_);
}

void GenerateCharsCall::TakeMessageLocked() {
  message_.Clear();
  const size_t bytes = chars_max_ == 0 ? pending_.size() : PrefixBytes(pending_, chars_max_);
  message_.set_text(pending_.substr(0, bytes));
  pending_.erase(0, bytes);
  const int64_t chars = CountChars(message_.text());
  for (int64_t i = 0; i < chars && !pending_logprobs_.empty(); ++i) {
    *message_.add_logprobs() = ToProto(pending_logprobs_.front());
    pending_logprobs_.pop_front();
  }
}

void GenerateCharsCall::OnWriteDone(bool ok) {
  bool resume = false;
  {
    const MutexLock lock(&mutex_);
    write_in_flight_ = false;
    if (!ok) SetCancelled();
    if (!WaitsForMoreLocked()) SendLocked();
    resume = paused_ && (cancelled() || PendingShareLocked() < kResumeShare);
    if (resume) paused_ = false;
  }
  if (resume) parts_.generation.Schedule(SharedAs<GenerateCharsCall>());
}

void GenerateCharsCall::OnCancelled() {
  bool resume = false;
  {
    const MutexLock lock(&mutex_);
    resume = std::exchange(paused_, false);
    SendLocked();
  }
  if (resume) parts_.generation.Schedule(SharedAs<GenerateCharsCall>());
}

void GenerateCharsCall::OnEnd() {
  const MutexLock lock(&mutex_);
  admission_.reset();
}

}  // namespace runnel::server
