// A run that is ended at any step and continued from a checkpoint by another trainer, as by another
// process, ends with the same bits as one that was never ended; and damaged checkpoints.
#include "core/train/checkpoints.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/train/recipe.h"
#include "tests/core/train/training_fixture.h"
#include "tests/testing/disk_trace.h"
#include "tests/testing/failing_change.h"
#include "tests/testing/sanitizer.h"
#include "tests/testing/temporary_folder.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ReadFile;
using testing::TemporaryFolder;
using ::testing::UnorderedElementsAre;
using testing::WriteFile;

// A sanitizer would take minutes for every step.
constexpr int64_t kStride = kSanitizer ? 4 : 1;

constexpr Hash128 kRun = {.low = 1, .high = 2};
constexpr char kArithmetic[] = "some arithmetic";

// Saves checkpoints after the steps that `saves` says, and ends the run after step `ends_after`.
class Saver : public TrainingObserver {
 public:
  explicit Saver(const std::string& folder) : checkpoints(folder, kRun, kArithmetic) {}

  bool StopRequested() override { return ended; }
  bool Abandoned() override { return ended; }
  void OnReport(const ProgressReport& report, const Trainer<float>&) override {
    reports.push_back(report);
  }
  void AfterStep(TrainingRun* run) override {
    if (saves(run->steps())) {
      EXPECT_TRUE(checkpoints.Save(run).ok());
    }
    ended = run->steps() == ends_after;
    after(run->steps());
  }

  Checkpoints checkpoints;
  std::function<bool(int64_t)> saves = [](int64_t) { return true; };
  std::function<void(int64_t)> after = [](int64_t) {};
  int64_t ends_after = 0;  // 0: at its own end
  bool ended = false;
  std::vector<ProgressReport> reports;
};

struct Task {
  std::string name;
  TrainingOptions options;
  NetworkConfig network;
  std::string separator = {};
  bool has_base = false;
};

Corpus LoadText(const std::string& separator) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "the brook runs down the hill\nand on.\nAnd on, on\n";
  return Corpus::Load(StringSource(text), VocabularyRules{.document_separator = separator}).value();
}

// Stands for a process that trains: its start, and the outcome of its run.
class Process {
 public:
  explicit Process(const Task& task, const std::string& folder)
      : saver_(folder),
        setup_(LoadText(task.separator), task.network, task.options),
        run_(setup_.options, clock_, &setup_.trainer, &saver_) {
    if (!task.has_base) return;
    for (float& weight : *setup_.trainer.mutable_parameters()) weight = weight * 0.5f + 0.01f;
  }

  Saver& saver() { return saver_; }
  TrainingRun& run() { return run_; }
  absl::StatusOr<Checkpoints::Restored> Restore() { return saver_.checkpoints.Restore(&run_); }
  double* now() { return &now_; }

 private:
  struct Setup : TrainingSetup<float> {
    Setup(const Corpus& corpus, const NetworkConfig& network, const TrainingOptions& given)
        : TrainingSetup(corpus, network, given), options(given) {}
    const TrainingOptions options;
  };

  double now_ = 5;
  const std::function<double()> clock_ = [this] { return now_; };
  Saver saver_;
  Setup setup_;
  TrainingRun run_;
};

// Everything in a report but its times.
auto Numbers(const ProgressReport& report) {
  return std::tuple(report.step, report.epoch, report.chars_seen, report.loss, report.smooth_loss,
                    report.validation_loss, report.learning_rate, report.gradient_norm);
}

// A continued run's reports are the last ones of a run that was never ended.
void ExpectLast(const std::vector<ProgressReport>& reports,
                const std::vector<ProgressReport>& expected) {
  ASSERT_LE(reports.size(), expected.size());
  const size_t before = expected.size() - reports.size();
  for (size_t i = 0; i < reports.size(); ++i) {
    EXPECT_EQ(Numbers(reports[i]), Numbers(expected[before + i]));
  }
}

void ExpectSame(const TrainingOutcome& outcome, const TrainingOutcome& expected) {
  EXPECT_EQ(outcome.parameters, expected.parameters);
  EXPECT_EQ(outcome.validation_loss, expected.validation_loss);
  EXPECT_EQ(outcome.steps, expected.steps);
  EXPECT_EQ(outcome.chars_seen, expected.chars_seen);
  EXPECT_EQ(outcome.stopped, expected.stopped);
}

class ContinuedRun : public ::testing::TestWithParam<Task> {
 protected:
  TrainingOutcome Uninterrupted() {
    const TemporaryFolder folder;
    Process process(GetParam(), folder.path());
    process.saver().saves = [](int64_t) { return false; };
    TrainingOutcome outcome = process.run().Run().value();
    reports_ = process.saver().reports;
    return outcome;
  }

  std::vector<ProgressReport> reports_;  // of the uninterrupted run
};

TEST_P(ContinuedRun, EndedAtAnyStep_EndsWithTheSameBits) {
  const TrainingOutcome expected = Uninterrupted();
  ASSERT_GT(expected.steps, 6);
  for (int64_t step = 1; step <= expected.steps; step += kStride) {
    SCOPED_TRACE(step);
    const TemporaryFolder folder;
    {
      Process process(GetParam(), folder.path());
      process.saver().saves = [step](int64_t now) { return now == step; };
      process.saver().ends_after = step;
      ASSERT_TRUE(process.run().Run().ok());
    }
    Process process(GetParam(), folder.path());
    const auto restored = process.Restore();
    ASSERT_TRUE(restored.ok()) << restored.status();
    EXPECT_EQ(restored->step, step);
    ExpectSame(process.run().Run().value(), expected);
    ExpectLast(process.saver().reports, reports_);
  }
}

using OftenContinuedRun = ContinuedRun;

TEST_P(OftenContinuedRun, EndedAfterEachStep_EndsWithTheSameBits) {
  const TrainingOutcome expected = Uninterrupted();
  const TemporaryFolder folder;
  for (int64_t step = 0;; ++step) {
    SCOPED_TRACE(step);
    Process process(GetParam(), folder.path());
    ASSERT_EQ(process.Restore()->step, step);
    process.saver().ends_after = step + 1;
    const TrainingOutcome outcome = process.run().Run().value();
    if (step < expected.steps) continue;
    ExpectSame(outcome, expected);  // of a run that was over when it was saved
    break;
  }
}

// Ends in the middle of the third epoch, of three steps each.
TrainingOptions Small(Recipe recipe, bool bidirectional = false) {
  TrainingOptions options = DefaultTraining(recipe, bidirectional);
  options.sequence_length = 9;
  options.batch_size = 36;  // three shards
  options.warmup_steps = 3;
  options.validation_fraction = 0.2f;
  options.evaluate_every_steps = 4;
  options.epochs = 0;
  options.max_steps = 8;
  options.early_stopping_patience = 0;
  options.state_reset_share = 0.1;
  options.seed = 7;
  return options;
}

std::vector<Task> Tasks() {
  std::vector<Task> tasks;
  for (const Recipe recipe : kRecipes) {
    for (const TrainingPrecision precision : kTrainingPrecisions) {
      Task task = {.options = Small(recipe), .network = DefaultNetwork(recipe)};
      task.network.hidden_size = 14;
      task.options.precision = precision;
      const auto add = [&](const std::string& what, const Task& variant) {
        tasks.push_back(variant);
        tasks.back().name =
            absl::StrCat(kRecipes.NameOf(recipe), "_", TrainingPrecisionName(precision), "_", what);
      };
      add("text", task);
      Task documents = task;
      documents.separator = "\n";
      add("documents", documents);
      Task bidirectional = task;
      bidirectional.network.bidirectional = true;
      bidirectional.options.mask_fraction = 0.3f;
      bidirectional.options.sample_every_steps = 0;
      add("bidirectional", bidirectional);
      Task averaging = task;
      averaging.options.averaging = 0.9f;
      add("averaging", averaging);
      Task early = task;
      early.options.max_steps = 16;
      early.options.evaluate_every_steps = 2;
      early.options.learning_rate = 2;
      early.options.early_stopping_patience = 3;
      add("early_stopping", early);
      Task base = task;
      base.has_base = true;
      add("base", base);
    }
  }
  for (const Optimizer optimizer : kOptimizers) {
    Task task = {.options = Small(Recipe::kBest), .network = DefaultNetwork(Recipe::kBest)};
    task.network.hidden_size = 14;
    task.network.num_layers = 2;
    task.options.optimizer = optimizer;
    task.options.dropout = {.input = 0.1f, .between = 0.3f, .output = 0.4f, .recurrent = 0.2f};
    task.name = absl::StrCat("optimizer_", kOptimizers.NameOf(optimizer));
    tasks.push_back(task);
  }
  return tasks;
}

INSTANTIATE_TEST_SUITE_P(Tasks, ContinuedRun, ::testing::ValuesIn(Tasks()),
                         [](const auto& info) { return info.param.name; });

// Fewer, because each save waits for the disk.
std::vector<Task> TasksOfBest() {
  std::vector<Task> tasks;
  for (const Task& task : Tasks()) {
    if (task.options.recipe == Recipe::kBest) tasks.push_back(task);
  }
  return tasks;
}

INSTANTIATE_TEST_SUITE_P(Tasks, OftenContinuedRun, ::testing::ValuesIn(TasksOfBest()),
                         [](const auto& info) { return info.param.name; });

class CheckpointsTest : public ::testing::Test {
 protected:
  static Task SomeTask() {
    Task task = {.options = Small(Recipe::kBest), .network = DefaultNetwork(Recipe::kBest)};
    task.network.hidden_size = 14;
    return task;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  // Saves at each of the first five steps.
  void SaveSome() {
    Process process(task_, folder_.path());
    process.saver().ends_after = 5;
    ASSERT_TRUE(process.run().Run().ok());
  }
  TrainingOutcome Uninterrupted() {
    const TemporaryFolder other;
    return Process(task_, other.path()).run().Run().value();
  }

  const Task task_ = SomeTask();
  const TemporaryFolder folder_;
};

// Whatever moment a process is killed at, or the power fails: no checkpoint that was saved is lost,
// none is damaged, and the run ends with the same bits.
TEST_F(CheckpointsTest, EndedWithinAnyChangeOfTheFolder_EndsWithTheSameBits) {
  const TrainingOutcome expected = Uninterrupted();
  struct Saved {
    size_t changes;
    int64_t step;
  };
  std::vector<Saved> saved = {{.changes = 0, .step = 0}};
  testing::DiskTrace trace(folder_.path());
  {
    Process process(task_, folder_.path());
    process.saver().after = [&](int64_t step) { saved.push_back({trace.changes(), step}); };
    ASSERT_TRUE(process.run().Run().ok());
  }
  disk::Observe(nullptr);
  ASSERT_GT(trace.changes(), 30u);
  // A kill, and losses of power by their seeds.
  constexpr int kSeeds = kSanitizer ? 1 : 4;
  for (size_t count = 0; count <= trace.changes(); ++count) {
    for (int seed = -1; seed < kSeeds; ++seed) {
      SCOPED_TRACE(absl::StrCat(count > 0 ? trace.Describe(count - 1) : "", ", seed ", seed));
      const TemporaryFolder left;
      if (seed < 0) {
        trace.LayOutKilled(count, left.path());
      } else {
        trace.LayOutPowerless(count, seed, left.path());
      }
      Process process(task_, left.path());
      const auto restored = process.Restore();
      ASSERT_TRUE(restored.ok()) << restored.status();
      EXPECT_THAT(restored->damaged, IsEmpty());
      const auto last = std::find_if(saved.rbegin(), saved.rend(),
                                     [&](const Saved& save) { return save.changes <= count; });
      EXPECT_GE(restored->step, last->step);
      ExpectSame(process.run().Run().value(), expected);
    }
  }
}

TEST_F(CheckpointsTest, DiskThatFails_FailsTheSaveAndNotTheRun) {
  const TrainingOutcome expected = Uninterrupted();
  bool has_failed = true;
  for (int n = 1; has_failed; ++n) {
    SCOPED_TRACE(n);
    const TemporaryFolder folder;
    Process process(task_, folder.path());
    int failed = 0;
    process.saver().saves = [](int64_t) { return false; };
    process.saver().after = [&](int64_t) {
      const absl::Status status = process.saver().checkpoints.Save(&process.run());
      failed += status.ok() ? 0 : 1;
    };
    {
      testing::FailingChange failing(n, ENOSPC);
      ExpectSame(process.run().Run().value(), expected);
      has_failed = failing.has_failed();
    }
    EXPECT_LE(failed, 1);
    Process next(task_, folder.path());
    const auto restored = next.Restore();
    ASSERT_TRUE(restored.ok()) << restored.status();
    EXPECT_GE(restored->step, task_.options.max_steps - 1);
    ExpectSame(next.run().Run().value(), expected);
  }
}

// Divergence is judged by the loss of the first step and the sum of two hundred.
TEST_F(CheckpointsTest, ContinuedRun_DivergesAsItWouldHave) {
  Task task = task_;
  task.options.max_steps = 1000;
  task.options.optimizer = Optimizer::kSgd;
  task.options.learning_rate = 30;
  task.options.clip_norm = 5;
  const auto run_to_end = [&](Process* process) {
    process->saver().saves = [](int64_t) { return false; };
    return process->run().Run().status();
  };
  const TemporaryFolder other;
  Process whole(task, other.path());
  const absl::Status expected = run_to_end(&whole);
  ASSERT_THAT(expected.message(), HasSubstr("the loss of the last 200 steps is"));
  {
    Process process(task, folder_.path());
    process.saver().saves = [](int64_t step) { return step == 150; };
    process.saver().ends_after = 150;
    ASSERT_TRUE(process.run().Run().ok());
  }
  Process process(task, folder_.path());
  ASSERT_EQ(process.Restore()->step, 150);
  EXPECT_EQ(run_to_end(&process), expected);
}

TEST_F(CheckpointsTest, NewestTwo_AreKept) {
  SaveSome();
  EXPECT_THAT(Names(), UnorderedElementsAre("checkpoint-4", "checkpoint-5"));
}

TEST_F(CheckpointsTest, WithoutAny_TheRunBeginsAnew) {
  Process process(task_, folder_.path());
  const auto restored = process.Restore();
  EXPECT_EQ(restored->step, 0);
  EXPECT_THAT(restored->damaged, IsEmpty());
  ExpectSame(process.run().Run().value(), Uninterrupted());
}

TEST_F(CheckpointsTest, Arithmetic_IsTold) {
  SaveSome();
  EXPECT_EQ(Process(task_, folder_.path()).Restore()->arithmetic, kArithmetic);
  EXPECT_THAT(TrainingArithmetic(TrainingPrecision::kF32), HasSubstr("f32"));
  EXPECT_NE(TrainingArithmetic(TrainingPrecision::kF32),
            TrainingArithmetic(TrainingPrecision::k16Bit));
}

TEST_F(CheckpointsTest, SecondSaveOfAStep_WritesNothing) {
  SaveSome();
  Process process(task_, folder_.path());
  ASSERT_EQ(process.Restore()->step, 5);
  EXPECT_TRUE(process.saver().checkpoints.Save(&process.run()).ok());
  EXPECT_THAT(Names(), UnorderedElementsAre("checkpoint-4", "checkpoint-5"));
}

TEST_F(CheckpointsTest, NamesThatAreTaken_FailTheSave) {
  std::filesystem::create_directory(folder_ / "checkpoint-1");
  WriteFile(folder_ / "checkpoint-400", "of another run");
  WriteFile(folder_ / "checkpoint-500", "of another run");
  Process process(task_, folder_.path());
  process.saver().saves = [](int64_t step) { return step > 1; };
  process.saver().ends_after = 3;
  ASSERT_TRUE(process.run().Run().ok());
  EXPECT_THAT(Names(), UnorderedElementsAre("checkpoint-1", "checkpoint-2", "checkpoint-3",
                                            "checkpoint-400", "checkpoint-500"));
  Process taken(task_, folder_.path());
  taken.saver().saves = [](int64_t) { return false; };
  taken.saver().ends_after = 1;
  ASSERT_TRUE(taken.run().Run().ok());
  EXPECT_TRUE(absl::IsAlreadyExists(taken.saver().checkpoints.Save(&taken.run())));
}

TEST_F(CheckpointsTest, WhatAKilledSaveLeaves_IsDeleted) {
  SaveSome();
  WriteFile(folder_ / "checkpoint-6.aBcDeF.tmp", "a part");
  WriteFile(folder_ / "checkpoint-1.damaged", "");
  Process process(task_, folder_.path());
  ASSERT_EQ(process.Restore()->step, 5);
  EXPECT_THAT(Names(),
              UnorderedElementsAre("checkpoint-1.damaged", "checkpoint-4", "checkpoint-5"));
  process.saver().ends_after = 6;
  ASSERT_TRUE(process.run().Run().ok());
  EXPECT_THAT(Names(), UnorderedElementsAre("checkpoint-5", "checkpoint-6"));
}

// As root reads everything, a loop of links stands for a file that may not be opened.
TEST_F(CheckpointsTest, ThatCannotBeReadNow_IsLeftAlone) {
  SaveSome();
  std::filesystem::remove(folder_ / "checkpoint-5");
  std::filesystem::create_symlink("checkpoint-5", folder_ / "checkpoint-5");
  Process process(task_, folder_.path());
  const absl::Status status = process.Restore().status();
  EXPECT_FALSE(status.ok() || absl::IsDataLoss(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("checkpoint-5 cannot be read"));
  EXPECT_THAT(Names(), UnorderedElementsAre("checkpoint-4", "checkpoint-5"));
}

// As if a release listed another state and kept the format's number.
TEST_F(CheckpointsTest, OfAnotherState_IsRefused) {
  SaveSome();
  Task larger = task_;
  larger.network.hidden_size = 15;
  for (const Task& other : {larger, task_}) {
    Task smaller = other;
    if (other.network.hidden_size == 14) smaller.network.hidden_size = 13;
    Process process(smaller, folder_.path());
    const absl::Status status = process.Restore().status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr("has another state than this release lists"));
  }
}

// The speed of a continued run is that of its own steps.
TEST_F(CheckpointsTest, Speed_CountsTheTimeBefore) {
  Task task = task_;
  task.options.evaluate_every_steps = 1000;
  const auto slow = [](Process* process) {
    process->saver().after = [process](int64_t) { *process->now() += 0.01; };
  };
  {
    Process process(task, folder_.path());
    slow(&process);
    process.saver().ends_after = 7;
    ASSERT_TRUE(process.run().Run().ok());
  }
  Process process(task, folder_.path());
  ASSERT_EQ(process.Restore()->step, 7);
  slow(&process);
  ASSERT_TRUE(process.run().Run().ok());
  // Eight steps, in the six pauses before the seventh's checkpoint.
  const double batch_chars = 36.0 * 9;
  ASSERT_EQ(process.saver().reports.size(), 1u);
  EXPECT_NEAR(process.saver().reports[0].chars_per_second, 8 * batch_chars / 0.06, 1);
}

TEST_F(CheckpointsTest, Seconds_AddUp) {
  {
    Process process(task_, folder_.path());
    *process.now() += 40;
    process.saver().ends_after = 1;
    ASSERT_TRUE(process.run().Run().ok());
  }
  Process process(task_, folder_.path());
  ASSERT_TRUE(process.Restore().ok());
  *process.now() += 2;
  EXPECT_EQ(process.run().seconds(), 42);
}

TEST_F(CheckpointsTest, AnyDamage_IsToldAndTheOneBeforeIsTaken) {
  SaveSome();
  const std::string newest = folder_ / "checkpoint-5";
  const std::string older = folder_ / "checkpoint-4";
  const std::string whole = ReadFile(newest);
  const std::string before = ReadFile(older);
  const TrainingOutcome expected = Uninterrupted();
  const auto restore_with = [&](const std::string& bytes) {
    WriteFile(newest, bytes);
    Process process(task_, folder_.path());
    const auto restored = process.Restore();
    ASSERT_TRUE(restored.ok()) << restored.status();
    EXPECT_EQ(restored->step, 4);
    ASSERT_EQ(restored->damaged.size(), 1u);
    EXPECT_THAT(restored->damaged[0], HasSubstr("checkpoint-5 "));
    EXPECT_THAT(Names(), UnorderedElementsAre("checkpoint-4", "checkpoint-5.damaged"));
  };
  for (size_t size = 0; size < whole.size(); size += 1 + size / 3) {
    SCOPED_TRACE(size);
    restore_with(whole.substr(0, size));
  }
  for (size_t at = 0; at < whole.size(); at += 1 + at / 3) {
    SCOPED_TRACE(at);
    // A larger number of the format is not damage, but a later release's.
    if (at >= 8 && at < 12) continue;
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    restore_with(changed);
  }
  restore_with(whole + "x");
  std::filesystem::remove(newest);
  std::filesystem::create_directory(newest);
  Process process(task_, folder_.path());
  ASSERT_EQ(process.Restore()->step, 4);
  EXPECT_EQ(ReadFile(older), before);
  ExpectSame(process.run().Run().value(), expected);
}

TEST_F(CheckpointsTest, AllDamaged_TheRunBeginsAnew) {
  SaveSome();
  WriteFile(folder_ / "checkpoint-4", "");
  WriteFile(folder_ / "checkpoint-5", "RnlCheck");
  Process process(task_, folder_.path());
  const auto restored = process.Restore();
  EXPECT_EQ(restored->step, 0);
  EXPECT_THAT(restored->damaged, ElementsAre(HasSubstr("-5 "), HasSubstr("-4 ")));
  ExpectSame(process.run().Run().value(), Uninterrupted());
}

TEST_F(CheckpointsTest, OfALaterFormatOrAnotherRun_IsRefusedAndLeftAlone) {
  SaveSome();
  const std::string newest = folder_ / "checkpoint-5";
  const std::string whole = ReadFile(newest);
  std::string later = whole;
  later[8] = 3;
  WriteFile(newest, later);
  Process process(task_, folder_.path());
  const absl::Status status = process.Restore().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("has format 3, which this release does not know"));
  EXPECT_EQ(ReadFile(newest), later);

  WriteFile(newest, whole);
  Checkpoints other(folder_.path(), {.low = 1, .high = 3}, kArithmetic);
  EXPECT_THAT(other.Restore(&process.run()).status().message(), HasSubstr("is of another run"));
  EXPECT_EQ(ReadFile(newest), whole);
  EXPECT_EQ(process.run().steps(), 0);
}

TEST_F(CheckpointsTest, FolderThatIsGone_FailsTheSaveAndNotTheRun) {
  Process process(task_, folder_ / "none");
  process.saver().saves = [](int64_t) { return false; };
  int refused = 0;
  process.saver().after = [&](int64_t) {
    refused += absl::IsNotFound(process.saver().checkpoints.Save(&process.run())) ? 1 : 0;
  };
  ExpectSame(process.run().Run().value(), Uninterrupted());
  EXPECT_EQ(refused, task_.options.max_steps);
}

}  // namespace
}  // namespace runnel
