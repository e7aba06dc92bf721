#include "server/sample_call.h"

#include <utility>

#include "server/generation_convert.h"

namespace runnel::server {
namespace {

SamplingOptions OfSample(SamplingOptions options, int index) {
  options.sample_index = index;
  return options;
}

}  // namespace

// One of the texts. Each writes into its own part of the response.
class SampleCall::TextTask : public GenerationPool::Task {
 public:
  TextTask(std::shared_ptr<SampleCall> call, const GenerationStart& start, int index)
      : call_(std::move(call)),
        run_(start.model, OfSample(start.sampling, index), start.prompt, call_->arrival_),
        sample_(*call_->response_.mutable_samples(index)) {}

  bool RunSlice() override {
    const auto slice_end = GenerationRun::Clock::now() + kGenerationSlice;
    do {
      if (call_->cancelled_ || call_->engine_.generation.draining()) {
        return End(v1::FINISH_REASON_DRAINING);  // nobody hears of it if it was cancelled
      }
      if (run_.Step(sample_.mutable_text()) == Event::kEnd) {
        return End(v1::FINISH_REASON_LENGTH);
      }
    } while (GenerationRun::Clock::now() < slice_end);
    return true;
  }

 private:
  bool End(v1::FinishReason reason) {
    *sample_.mutable_summary() = run_.Summary(reason);
    call_->TextEnded();
    return false;
  }

  const std::shared_ptr<SampleCall> call_;
  GenerationRun run_;
  v1::SampledText& sample_;
};

SampleCall* SampleCall::Start(Engine* engine, const v1::SampleRequest* request,
                              v1::SampleResponse* response) {
  const std::shared_ptr<SampleCall> call(new SampleCall(engine, request, response));
  call->self_ = call;
  const absl::Status status = engine->requests.Submit([call] { call->Prepare(); });
  if (!status.ok()) call->Finish(ToGrpcStatus(status));
  return call.get();
}

void SampleCall::Prepare() {
  const grpc::Status status = TryPrepare();
  if (!status.ok()) Finish(status);
}

grpc::Status SampleCall::TryPrepare() {
  RequestProblems problems;
  const SamplingOptions sampling = ReadSampling(request_, engine_.options.max_chars,
                                                engine_.options.max_message_bytes, &problems);
  const int texts = problems.violations.empty() ? NumSamples(request_) : 1;
  auto admission = engine_.generation.Admit(texts);
  if (!admission.ok()) return ToGrpcStatus(admission.status());
  admission_ = *std::move(admission);

  GenerationStart start;
  grpc::Status status = StartGeneration({.model = request_.model(),
                                         .prompt = request_.prompt(),
                                         .skip_unknown = request_.skip_unknown_prompt_chars(),
                                         .texts = texts},
                                        sampling, std::move(problems), &engine_, &start);
  if (!status.ok()) return status;
  prompt_memory_ = std::move(start.prompt_memory);
  texts_left_ = texts;
  for (int i = 0; i < texts; ++i) response_.add_samples();
  for (int i = 0; i < texts; ++i) {
    engine_.generation.Schedule(std::make_shared<TextTask>(shared_from_this(), start, i));
  }
  return grpc::Status::OK;
}

void SampleCall::TextEnded() {
  if (--texts_left_ > 0) return;
  Finish(cancelled_ ? grpc::Status::CANCELLED : grpc::Status::OK);
}

void SampleCall::OnDone() {
  const std::shared_ptr<SampleCall> self = std::move(self_);
  admission_.reset();
}

}  // namespace runnel::server
