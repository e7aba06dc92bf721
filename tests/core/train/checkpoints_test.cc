// A run that is ended at any step and continued from a checkpoint by another trainer, as by another
// process, ends with the same bits as one that was never ended; and damaged checkpoints.
#include "core/train/checkpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/train/recipe.h"
#include "tests/core/train/training_fixture.h"
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
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int64_t kStride = 4;
#else
constexpr int64_t kStride = 1;
#endif

constexpr Hash128 kRun = {.low = 1, .high = 2};
constexpr char kArithmetic[] = "some arithmetic";

// Saves checkpoints after the steps that `saves` says, and ends the run after step `ends_after`.
class Saver : public TrainingObserver {
 public:
  explicit Saver(const std::string& folder) : checkpoints(folder, kRun, kArithmetic) {}

  bool StopRequested() override { return ended; }
  bool Abandoned() override { return ended; }
  void OnReport(const ProgressReport& report, const Trainer<float>&) override {
    if (report.validation_loss) validation_losses.push_back(*report.validation_loss);
  }
  void AfterStep(TrainingRun* run) override {
    if (saves(run->steps())) {
      EXPECT_TRUE(checkpoints.Save(run).ok());
    }
    ended = run->steps() == ends_after;
  }

  Checkpoints checkpoints;
  std::function<bool(int64_t)> saves = [](int64_t) { return true; };
  int64_t ends_after = 0;  // 0: at its own end
  bool ended = false;
  std::vector<double> validation_losses;
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

// A process that trains: what it is at its start, and what comes of it.
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
    return process.run().Run().value();
  }
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
  }
}

TEST_P(ContinuedRun, EndedAfterEachStep_EndsWithTheSameBits) {
  if (GetParam().options.recipe != Recipe::kBest) return;  // each save waits for the disk
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

// Ends in the middle of the third epoch.
TrainingOptions Small(Recipe recipe, bool bidirectional = false) {
  TrainingOptions options = DefaultTraining(recipe, bidirectional);
  options.sequence_length = 9;
  options.batch_size = 36;  // two shards
  options.warmup_steps = 3;
  options.validation_fraction = 0.2f;
  options.evaluate_every_steps = 4;
  options.epochs = 0;
  options.max_steps = 9;
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
  std::filesystem::remove(folder_ / "checkpoint-5.damaged");
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
  later[8] = 2;
  WriteFile(newest, later);
  Process process(task_, folder_.path());
  const absl::Status status = process.Restore().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("has format 2, which this release does not know"));
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
  EXPECT_TRUE(absl::IsNotFound(process.saver().checkpoints.Save(&process.run())));
  ExpectSame(process.run().Run().value(), Uninterrupted());
}

}  // namespace
}  // namespace runnel
