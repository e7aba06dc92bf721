#include "server/text_generation/generation_pool.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/generate/single_stream.h"
#include "core/nn/initialization.h"

namespace runnel::server {
namespace {

std::shared_ptr<const LanguageModel> RandomModel() {
  auto model = std::make_shared<LanguageModel>();
  model->vocabulary = Vocabulary::FromCodePoints({U'\n', U' ', U'a', U'b', U'c'}).value();
  const auto network =
      MakeNetwork<float>({.cell = CellType::kLstm, .num_layers = 2, .hidden_size = 16}, 5);
  std::vector<float> parameters(network->layout().size());
  InitializeParameters(*network, Initialization::kUniformFanHidden, 8, parameters.data());
  for (float& parameter : parameters) parameter *= 5;
  model->decoder = network->NewDecoder(parameters.data());
  return model;
}

Session NewSession(const std::shared_ptr<const LanguageModel>& model, uint64_t seed, int chars) {
  return Session(model, {.seed = seed, .max_chars = chars}, {1});
}

// Texts that are under way.
class Countdown {
 public:
  explicit Countdown(int count) : left_(count) {}
  void OneLess() {
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int left_;
};

// Leaves every few steps and is scheduled again at once, by whichever thread it was on.
class PausingText : public Scheduler::Text, public std::enable_shared_from_this<PausingText> {
 public:
  PausingText(GenerationPool* pool, Session session, int pause_every, Countdown* left)
      : pool_(*pool), session_(std::move(session)), pause_every_(pause_every), left_(*left) {}

  Session& session() override { return session_; }
  bool Continues() override {
    if (!pool_.draining()) return true;
    left_.OneLess();
    return false;
  }
  bool OnStep(Event event, absl::string_view written) override {
    text.append(written.data(), written.size());
    if (event == Event::kEnd) {
      left_.OneLess();
      return false;
    }
    if (++steps_ % pause_every_ != 0) return true;
    pool_.Schedule(shared_from_this());
    return false;
  }

  std::string text;

 private:
  GenerationPool& pool_;
  Session session_;
  const int pause_every_;
  Countdown& left_;
  int steps_ = 0;
};

TEST(GenerationPool, Texts_AreTheSameOnAnyNumberOfThreadsAndThroughPauses) {
  const auto model = RandomModel();
  constexpr int kTexts = 200;
  std::vector<std::string> alone;
  for (int seed = 0; seed < kTexts; ++seed) {
    alone.push_back(SingleStream(NewSession(model, seed, 10 + seed)).WriteAll());
  }
  for (const int threads : {1, 2, 5}) {
    Countdown left(kTexts);
    GenerationPool pool(threads, kTexts);
    std::vector<std::shared_ptr<PausingText>> texts;
    for (int seed = 0; seed < kTexts; ++seed) {
      texts.push_back(std::make_shared<PausingText>(&pool, NewSession(model, seed, 10 + seed),
                                                    1 + seed % 17, &left));
    }
    std::thread other([&] {
      for (int seed = 0; seed < kTexts; seed += 2) pool.Schedule(texts[seed]);
    });
    for (int seed = 1; seed < kTexts; seed += 2) pool.Schedule(texts[seed]);
    other.join();
    left.Wait();
    for (int seed = 0; seed < kTexts; ++seed) {
      EXPECT_EQ(texts[seed]->text, alone[seed]) << threads << " threads, seed " << seed;
    }
  }
}

TEST(GenerationPool, Draining_EndsTextsThatWouldGoOn) {
  const auto model = RandomModel();
  constexpr int kTexts = 20;
  Countdown left(kTexts);
  GenerationPool pool(2, kTexts);
  for (int seed = 0; seed < kTexts; ++seed) {
    pool.Schedule(std::make_shared<PausingText>(&pool, NewSession(model, seed, 1'000'000'000),
                                                1'000'000, &left));
  }
  pool.StartDraining();
  left.Wait();
}

TEST(GenerationPool, Admission_IsBoundedAndGivenBack) {
  GenerationPool pool(1, 3);
  auto two = pool.Admit(2);
  ASSERT_TRUE(two.ok());
  EXPECT_EQ(pool.active(), 2);
  EXPECT_EQ(pool.Admit(2).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(pool.active(), 2);
  two->reset();
  EXPECT_TRUE(pool.Admit(3).ok());
}

}  // namespace
}  // namespace runnel::server
