#include "server/training/train_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/model/model_reference.h"
#include "core/nn/network.h"
#include "core/text/utf8.h"
#include "server/training/training_job_run.h"
#include "server/training/training_plan.h"
#include "server/wire/error_mapping.h"
#include "server/wire/training_convert.h"

namespace runnel::server {
namespace {

// Names the fields that make a network too large for this machine.
grpc::Status CheckMemory(const TrainingSpec& spec, int threads, int64_t bytes_max) {
  constexpr double kMegabyte = 1e6;
  const double bytes =
      TrainingMemoryBytes(spec.network, spec.options, spec.corpus->corpus.vocabulary().size(),
                          spec.parameter_count, threads);
  if (bytes <= static_cast<double>(bytes_max)) return grpc::Status::OK;
  return InvalidField(
      "network.hidden_size",
      absl::StrCat("is ", spec.network.hidden_size, "; with network.num_layers ",
                   spec.network.num_layers, ", training.batch_size ", spec.options.batch_size,
                   ", training.sequence_length ", spec.options.sequence_length, " and ",
                   spec.corpus->corpus.vocabulary().size(), " characters, training needs ",
                   static_cast<int64_t>(bytes / kMegabyte), " MB of memory; at most ",
                   static_cast<int64_t>(static_cast<double>(bytes_max) / kMegabyte),
                   " MB are available"));
}

}  // namespace

TrainCall* TrainCall::Start(Engine* engine, grpc::CallbackServerContext* context,
                            const v1::TrainRequest* request, v1::TrainResponse* response) {
  const std::shared_ptr<TrainCall> call(new TrainCall(engine, context, request, response));
  call->self_ = call;
  const absl::Status status =
      engine->Submit(&engine->corpus_work, *request, [call] { call->Submit(); });
  if (!status.ok()) call->Finish(ToGrpcStatus(status));
  return call.get();
}

void TrainCall::Submit() {
  std::shared_ptr<TrainingJob> job;
  const grpc::Status status = TrySubmit(&job);
  context_.GetRpcAllocatorState()->FreeRequest();
  if (status.ok()) return WaitFor(job);
  const std::lock_guard lock(mutex_);
  FinishOnce(status);
}

grpc::Status TrainCall::TrySubmit(std::shared_ptr<TrainingJob>* job) {
  const auto known = engine_.jobs.FindRequest(request_.request_id(), request_.model());
  if (!known.ok()) return ToGrpcStatus(known.status(), "request_id");
  *job = *known;
  if (*job != nullptr) return grpc::Status::OK;

  // Before a corpus is loaded for nothing.
  if (const absl::Status room = engine_.jobs.CheckRoom(); !room.ok()) return ToGrpcStatus(room);
  TrainingSpec spec;
  if (grpc::Status status = MakeSpec(&spec); !status.ok()) return status;
  auto submitted = engine_.jobs.Submit(std::move(spec));
  if (!submitted.ok()) return ToGrpcStatus(submitted.status());
  *job = *std::move(submitted);
  return grpc::Status::OK;
}

grpc::Status TrainCall::MakeSpec(TrainingSpec* spec) {
  Violations problems;
  if (const absl::Status status = CheckModelName(request_.model()); !status.ok()) {
    problems.Add("model", std::string(status.message()));
  }
  const auto request_id = DecodeUtf8(request_.request_id());  // valid, as protobuf makes sure
  if (request_id.ok() && request_id->size() > TrainingJobs::kRequestIdCharsMax) {
    problems.Add("request_id", absl::StrCat("has ", request_id->size(), " characters; at most ",
                                            TrainingJobs::kRequestIdCharsMax));
  }
  CorpusVocabulary vocabulary;
  grpc::Status status = ReadBase(spec, &vocabulary, &problems);
  if (!status.ok()) return status;
  const TrainingPlan plan =
      PlanTraining(request_, spec->base ? &spec->network : nullptr, &problems);
  if (spec->base && problems.empty()) {
    CheckAgainstBase(request_.network(), ToProto(spec->network, vocabulary.base->rules()),
                     &problems);
  }
  if (!problems.empty()) return ToGrpcStatus(problems);

  vocabulary.rules = plan.vocabulary;
  status = engine_.corpora.Load(request_, vocabulary, &spec->corpus);
  if (!status.ok()) return status;
  const Corpus& corpus = spec->corpus->corpus;
  spec->model = request_.model();
  spec->request_id = request_.request_id();
  spec->network = plan.network;
  spec->options = plan.options;
  const Recipe recipe = spec->options.recipe;
  const int symbols = corpus.vocabulary().size();
  if (!plan.cell_given) spec->network.cell = DefaultCell(recipe, symbols);
  // With a base, that of new characters alone.
  spec->options.initialization =
      spec->base ? Initialization::kNormal001 : DefaultInitialization(recipe, symbols);
  FitToText(corpus.size(), plan.given, &spec->options);
  const absl::Status fits = CheckCorpusSize(corpus.size(), spec->options);
  if (!fits.ok()) return ToGrpcStatus(fits, CorpusLoader::Field(request_));
  spec->parameter_count =
      MakeNetwork<float>(spec->network, corpus.vocabulary().size())->layout().size();
  return CheckMemory(*spec, engine_.options.threads, engine_.training_bytes_max);
}

grpc::Status TrainCall::ReadBase(TrainingSpec* spec, CorpusVocabulary* vocabulary,
                                 Violations* problems) {
  if (request_.base().empty()) return grpc::Status::OK;
  const absl::StatusOr<ModelReference> reference = ParseModelReference(request_.base());
  if (!reference.ok()) {
    problems->Add("base", std::string(reference.status().message()));
    return grpc::Status::OK;
  }
  const absl::StatusOr<VersionInfo> base = engine_.models->Describe(*reference);
  if (!base.ok()) return ToGrpcStatus(WithField("base", base.status()));
  spec->base = TrainingBase{.reference = {.name = reference->name, .version = base->version},
                            .description = base->description};
  spec->network = base->description->network;
  vocabulary->base = base->description->vocabulary;
  return grpc::Status::OK;
}

void TrainCall::WaitFor(const std::shared_ptr<TrainingJob>& job) {
  std::unique_lock lock(mutex_);
  job_ = job;
  if (cancelled_) return FinishOnce(grpc::Status::CANCELLED);
  if (wait_) {
    const std::weak_ptr<TrainCall> weak = shared_from_this();
    auto subscription = job->Subscribe([weak] {
      if (const auto call = weak.lock()) call->AnswerIfDue();
    });
    if (!subscription.ok()) return FinishOnce(ToGrpcStatus(subscription.status()));
    subscription_ = *std::move(subscription);
  }
  lock.unlock();
  AnswerIfDue();  // the job may have ended before anyone listened
}

void TrainCall::AnswerIfDue() {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  if (wait_ && !HasEnded(job_->state())) return;
  *response_.mutable_job() = job_->Snapshot();
  FinishOnce(grpc::Status::OK);
}

void TrainCall::OnCancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  // Before the job is submitted, Submit goes on and finishes the call.
  if (job_ != nullptr) FinishOnce(grpc::Status::CANCELLED);
}

void TrainCall::FinishOnce(const grpc::Status& status) {
  if (finished_) return;
  finished_ = true;
  Finish(status);
}

void TrainCall::OnDone() { const std::shared_ptr<TrainCall> self = std::move(self_); }

}  // namespace runnel::server
