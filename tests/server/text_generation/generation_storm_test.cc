// Many streams at a time over the wire: crowds, cancels, deadlines, readers that do not read.
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

class GenerationStormTest : public ServerTest {
 protected:
  struct Stream {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::GenerateCharsResponse>> reader;
    v1::GenerateCharsResponse message;
  };

  void SetUp() override {
    ServerTest::SetUp();
    TrainModel("m");
  }

  static v1::GenerateCharsRequest Request(uint64_t seed, int max_chars) {
    v1::GenerateCharsRequest request;
    request.set_model("m");
    request.set_prompt("the ");
    request.mutable_sampling()->set_seed(seed);
    request.mutable_stop()->set_max_chars(max_chars);
    return request;
  }

  std::unique_ptr<Stream> Open(const v1::GenerateCharsRequest& request,
                               std::chrono::milliseconds deadline = std::chrono::hours(1)) {
    auto stream = std::make_unique<Stream>();
    stream->context.set_deadline(std::chrono::system_clock::now() + deadline);
    stream->reader = generation_->GenerateChars(&stream->context, request);
    return stream;
  }

  static std::string ReadToEnd(Stream* stream, grpc::StatusCode expected) {
    std::string text;
    while (stream->reader->Read(&stream->message)) text += stream->message.text();
    EXPECT_EQ(stream->reader->Finish().error_code(), expected);
    return text;
  }

  std::string TextAlone(uint64_t seed, int max_chars) {
    return ReadToEnd(Open(Request(seed, max_chars)).get(), grpc::StatusCode::OK);
  }

  bool BecomesIdle() {
    return Eventually([&] { return server_->active_texts() == 0; });
  }
};

TEST_F(GenerationStormTest, TwoThousandStreamsAtOnce_EachWritesTheTextItWouldAlone) {
  constexpr int kStreams = 2000;
  constexpr int kSeeds = 20;
  constexpr size_t kChars = 100;
  std::vector<std::string> alone;
  for (int seed = 0; seed < kSeeds; ++seed) alone.push_back(TextAlone(seed, kChars));
  std::vector<std::unique_ptr<Stream>> streams;
  // None ends, so all are under way at once.
  for (int i = 0; i < kStreams; ++i) streams.push_back(Open(Request(i % kSeeds, 1'000'000)));
  for (int i = 0; i < kStreams; ++i) {
    std::string text;
    while (text.size() < kChars) {
      ASSERT_TRUE(streams[i]->reader->Read(&streams[i]->message));
      text += streams[i]->message.text();
    }
    ASSERT_EQ(text.substr(0, kChars), alone[i % kSeeds]) << i;
  }
  EXPECT_EQ(server_->active_texts(), kStreams);
  for (const auto& stream : streams) stream->context.TryCancel();
  for (const auto& stream : streams) ReadToEnd(stream.get(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(BecomesIdle());
}

TEST_F(GenerationStormTest, CancelStorm_FreesEveryPlaceAndSparesTheOthers) {
  constexpr int kStreams = 300;
  constexpr int kChars = 2000;
  const std::string alone = TextAlone(1, kChars);
  std::vector<std::unique_ptr<Stream>> doomed;
  std::vector<std::unique_ptr<Stream>> spared;
  for (int i = 0; i < kStreams; ++i) {
    doomed.push_back(Open(Request(i, 1'000'000)));
    if (i % 30 == 0) spared.push_back(Open(Request(1, kChars)));
  }
  // Before their first character, while they write, while they wait for their reader.
  for (int i = 0; i < kStreams; ++i) {
    if (i % 3 == 0) {
      ASSERT_TRUE(doomed[i]->reader->Read(&doomed[i]->message));
    }
    doomed[i]->context.TryCancel();
  }
  for (const auto& stream : doomed) ReadToEnd(stream.get(), grpc::StatusCode::CANCELLED);
  for (const auto& stream : spared) {
    EXPECT_EQ(ReadToEnd(stream.get(), grpc::StatusCode::OK), alone);
  }
  EXPECT_TRUE(BecomesIdle());
}

TEST_F(GenerationStormTest, DeadlineStorm_FreesEveryPlaceAndSparesTheOthers) {
  constexpr int kChars = 2000;
  const std::string alone = TextAlone(1, kChars);
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::unique_ptr<Stream>> spared;
  for (int i = 0; i < 200; ++i) {
    streams.push_back(Open(Request(i, 1'000'000), std::chrono::milliseconds(1 + i)));
    if (i % 30 == 0) spared.push_back(Open(Request(1, kChars)));
  }
  for (const auto& stream : streams) {
    ReadToEnd(stream.get(), grpc::StatusCode::DEADLINE_EXCEEDED);
  }
  for (const auto& stream : spared) {
    EXPECT_EQ(ReadToEnd(stream.get(), grpc::StatusCode::OK), alone);
  }
  EXPECT_TRUE(BecomesIdle());
}

TEST_F(GenerationStormTest, SlowReaders_HoldUpNobodyAndLoseNothing) {
  constexpr int kStreams = 20;
  constexpr int kChars = 100'000;  // many times what may wait for a reader
  std::vector<std::unique_ptr<Stream>> slow;
  for (int i = 0; i < kStreams; ++i) slow.push_back(Open(Request(i % 2, kChars)));
  EXPECT_EQ(TextAlone(5, 1000).size(), 1000u);
  const std::string even = ReadToEnd(slow[0].get(), grpc::StatusCode::OK);
  const std::string odd = ReadToEnd(slow[1].get(), grpc::StatusCode::OK);
  EXPECT_EQ(even.size(), static_cast<size_t>(kChars));
  for (int i = 2; i < kStreams; ++i) {
    EXPECT_EQ(ReadToEnd(slow[i].get(), grpc::StatusCode::OK), i % 2 == 0 ? even : odd);
  }
}

// A text pauses while nobody reads it, so the text that Drain ends is short.
TEST_F(GenerationStormTest, TextOfAReaderThatDoesNotRead_StaysShort) {
  // Without bandwidth probes, gRPC's client buffers little beyond what its reader has taken.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const auto reader = v1::TextGenerationService::NewStub(
      grpc::CreateCustomChannel(server_->address(), grpc::InsecureChannelCredentials(), arguments));
  Stream stream;
  stream.reader = reader->GenerateChars(&stream.context, Request(1, 1'000'000));
  ASSERT_TRUE(stream.reader->Read(&stream.message));
  // In a second, a text that did not wait for its reader would get far.
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const auto drained = std::async(std::launch::async, [&] { server_->Drain(); });
  const std::string text = ReadToEnd(&stream, grpc::StatusCode::OK);
  EXPECT_EQ(stream.message.summary().finish_reason(), v1::FINISH_REASON_DRAINING);
  EXPECT_LT(text.size(), 200'000u);
  drained.wait();
}

}  // namespace
}  // namespace runnel::server
