#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "tests/client/client_fixture.h"

namespace runnel::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class BenchmarkTest : public ClientTest {
 protected:
  // Answers each stream with three messages, of 2 and 3 characters and a summary with 1.
  void AnswerEveryStream() {
    fake.generation.generate = [this](grpc::ServerContext*, const v1::GenerateCharsRequest& request,
                                      grpc::ServerWriter<v1::GenerateCharsResponse>* writer) {
      {
        const std::lock_guard lock(mutex_);
        seeds_.insert(request.sampling().seed());
        prompts_.insert(request.prompt());
      }
      for (const char* text : {"é!", "abc", "."}) {
        v1::GenerateCharsResponse response;
        response.set_text(text);
        if (response.text() == ".") response.mutable_summary()->set_generated_chars(6);
        writer->Write(response);
      }
      return grpc::Status::OK;
    };
  }

  // Answers the warm-up. Any other stream gets one message and does not end.
  void AnswerAndWait() {
    fake.generation.generate = [this](grpc::ServerContext* context,
                                      const v1::GenerateCharsRequest& request,
                                      grpc::ServerWriter<v1::GenerateCharsResponse>* writer) {
      v1::GenerateCharsResponse response;
      response.set_text("ab");
      writer->Write(response);
      if (request.stop().max_chars() == 1) return grpc::Status::OK;
      ++waiting_;
      AwaitCancellation(context);
      return grpc::Status::CANCELLED;
    };
  }
  int Waiting() const { return waiting_; }

  std::set<uint64_t> Seeds() {
    const std::lock_guard lock(mutex_);
    return seeds_;
  }

  std::mutex mutex_;
  std::multiset<std::string> prompts_;
  std::vector<int> max_chars_;

 private:
  std::set<uint64_t> seeds_;
  std::atomic<int> waiting_ = 0;
};

TEST_F(BenchmarkTest, Streams_AreCountedAndHaveSeedsOfTheirOwn) {
  AnswerEveryStream();
  EXPECT_EQ(Run({"benchmark", "m", "--streams", "3", "--seed", "7", "--prompt", "go"}), 0) << err;
  EXPECT_THAT(Seeds(), UnorderedElementsAre(7u, 8u, 9u));
  {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(prompts_.count("go"), 4u);  // including the one before the measured ones
  }
  EXPECT_THAT(out, HasSubstr("18 in 0.00 s"));
  EXPECT_THAT(out, HasSubstr("2.0 characters"));
  EXPECT_THAT(out, HasSubstr("first character"));
  EXPECT_THAT(out, HasSubstr("between messages"));
  EXPECT_THAT(out, HasSubstr("between characters"));
}

TEST_F(BenchmarkTest, FirstRequest_IsShortAndNotCounted) {
  fake.generation.generate = [this](grpc::ServerContext*, const v1::GenerateCharsRequest& request,
                                    grpc::ServerWriter<v1::GenerateCharsResponse>* writer) {
    {
      const std::lock_guard lock(mutex_);
      max_chars_.push_back(request.stop().max_chars());
    }
    v1::GenerateCharsResponse response;
    response.set_text("a");
    writer->Write(response);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"benchmark", "m", "--max-chars", "30"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("1 in 0.00 s"));
  const std::lock_guard lock(mutex_);
  EXPECT_THAT(max_chars_, ElementsAre(1, 30));
}

TEST_F(BenchmarkTest, NumbersOutOfRange_AreShownAsTyped_WithTheRange) {
  const std::vector<std::vector<std::string>> cases = {
      {"--streams", "0", "--streams: is 0; must be from 1 to 10000"},
      {"--rounds", "10001", "--rounds: is 10001; must be from 1 to 10000"},
      {"--rounds", "1.5", "--rounds: \"1.5\" is not a whole number from"},
      {"--chars-per-second", "-1e-9", "--chars-per-second: is -1e-9; must be from 0 to 1e+09"},
      {"--chars-per-second", "1000000000.0001", "is 1000000000.0001; must be from 0 to 1e+09"}};
  for (const std::vector<std::string>& args : cases) {
    EXPECT_EQ(Run({"benchmark", "m", args[0], args[1]}), 2) << args[2];
    EXPECT_THAT(err, HasSubstr(args[2]));
  }
}

TEST_F(BenchmarkTest, Rounds_RepeatAllStreamsWithNewSeeds) {
  AnswerEveryStream();
  EXPECT_EQ(Run({"benchmark", "m", "--streams", "2", "--rounds", "3", "--seed", "5"}), 0) << err;
  EXPECT_THAT(Seeds(), UnorderedElementsAre(5u, 6u, 7u, 8u, 9u, 10u));
  EXPECT_THAT(out, HasSubstr("36 in 0.00 s"));
}

TEST_F(BenchmarkTest, Pace_LosesNothing) {
  AnswerEveryStream();
  EXPECT_EQ(Run({"benchmark", "m", "--streams", "2", "--chars-per-second", "1000"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("12 in 0.00 s"));
}

TEST_F(BenchmarkTest, SlowPace_EndsWithTheTimeout) {
  AnswerAndWait();
  EXPECT_EQ(Run({"benchmark", "m", "--chars-per-second", "0.001", "--timeout", "0.5"}), 5) << out;
  EXPECT_THAT(err, HasSubstr("--timeout"));
}

TEST_F(BenchmarkTest, SlowPace_EndsWithTheFirstInterrupt) {
  AnswerAndWait();
  std::thread user([this] {
    while (Waiting() == 0) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // for the message to be read
    EXPECT_TRUE(interrupt.Trigger());
  });
  EXPECT_EQ(Run({"benchmark", "m", "--chars-per-second", "0.001"}), 130) << out;
  user.join();
}

TEST_F(BenchmarkTest, StreamThatFails_IsTheCommandsFailure) {
  fake.generation.generate = [](grpc::ServerContext*, const v1::GenerateCharsRequest&,
                                grpc::ServerWriter<v1::GenerateCharsResponse>*) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no model m");
  };
  EXPECT_NE(Run({"benchmark", "m", "--streams", "2"}), 0);
  EXPECT_THAT(err, HasSubstr("there is no model m"));
  EXPECT_EQ(out, "");
}

TEST_F(BenchmarkTest, OptionsOutOfRange_AreUsageErrors) {
  EXPECT_EQ(Run({"benchmark", "m", "--streams", "0"}), 2);
  EXPECT_THAT(err, HasSubstr("--streams"));
  EXPECT_EQ(Run({"benchmark", "m", "--streams", "10001"}), 2);
  EXPECT_EQ(Run({"benchmark", "m", "--rounds", "0"}), 2);
  EXPECT_THAT(err, HasSubstr("--rounds"));
  EXPECT_EQ(Run({"benchmark", "m", "--chars-per-second", "-1"}), 2);
  EXPECT_THAT(err, HasSubstr("--chars-per-second"));
}

}  // namespace
}  // namespace runnel::client
