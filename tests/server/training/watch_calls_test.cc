// Tests WatchTrainingJob over the wire.
#include "core/text/utf8.h"
#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

class WatchCallsTest : public ServerTest {};

TEST_F(WatchCallsTest, Watch_FromStart_GivesEveryReportThenTheEndedJobAlone) {
  v1::TrainRequest request = TinyTraining("m", 30);
  request.mutable_training()->set_sample_every_steps(10);
  const v1::TrainingJob job = MustTrain(request, /*wait=*/true);
  const auto messages = Watch(job.id(), /*from_start=*/true);
  ASSERT_GE(messages.size(), 4u);
  int samples = 0;
  int64_t last_step = 0;
  for (size_t i = 0; i + 1 < messages.size(); ++i) {
    EXPECT_FALSE(messages[i].has_ended_job());
    const v1::TrainingProgress& progress = messages[i].progress();
    EXPECT_GT(progress.step(), last_step);
    last_step = progress.step();
    if (progress.step() % 10 != 0) continue;
    ++samples;
    const auto chars = DecodeUtf8(progress.sample_text());
    ASSERT_TRUE(chars.ok());
    EXPECT_EQ(chars->size(), 200u);
  }
  EXPECT_EQ(samples, 3);
  EXPECT_EQ(messages.back().ended_job().state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
}

TEST_F(WatchCallsTest, Watch_OfAnEndedJob_GivesTheEndAtOnce) {
  const v1::TrainingJob job = MustTrain(TinyTraining("m", 3), /*wait=*/true);
  const auto messages = Watch(job.id(), /*from_start=*/false);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].ended_job().id(), job.id());
}

TEST_F(WatchCallsTest, SlowWatcher_GetsTheEnd) {
  v1::TrainRequest request = EndlessTraining("m");
  request.mutable_training()->set_sample_every_steps(1);
  const v1::TrainingJob job = MustTrain(request, /*wait=*/false);
  grpc::ClientContext context;
  v1::WatchTrainingJobRequest watch;
  watch.set_id(job.id());
  watch.set_from_start(true);
  const auto reader = jobs_->WatchTrainingJob(&context, watch);
  // There are more reports than the history holds, and none of them has been read.
  ASSERT_TRUE(Eventually([&] {
    return GetJob(job.id()).progress().step() > 2 * int64_t{ProgressHistory::kReportsMax};
  }));
  ASSERT_TRUE(CancelJob(job.id()).ok());
  v1::WatchTrainingJobResponse message;
  int64_t last_step = 0;
  bool ended = false;
  while (reader->Read(&message)) {
    EXPECT_FALSE(ended);
    ended = message.has_ended_job();
    if (ended) continue;
    EXPECT_GE(message.progress().step(), last_step);
    last_step = message.progress().step();
  }
  EXPECT_TRUE(ended);
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(WatchCallsTest, WatcherThatGoes_LeavesTheJobAlone) {
  const v1::TrainingJob job = MustTrain(EndlessTraining("m"), /*wait=*/false);
  {
    grpc::ClientContext context;
    v1::WatchTrainingJobRequest request;
    request.set_id(job.id());
    const auto reader = jobs_->WatchTrainingJob(&context, request);
    v1::WatchTrainingJobResponse message;
    ASSERT_TRUE(reader->Read(&message));
    context.TryCancel();
    while (reader->Read(&message)) continue;
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_EQ(GetJob(job.id()).state(), v1::TRAINING_JOB_STATE_RUNNING);
}

}  // namespace
}  // namespace runnel::server
