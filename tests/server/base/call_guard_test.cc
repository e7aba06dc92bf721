#include "server/base/call_guard.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/server/server_fixture.h"
#include "tests/testing/http2_peer.h"
#include "tests/testing/resident_memory.h"

namespace runnel::server {
namespace {

using ::testing::HasSubstr;

constexpr char kListModels[] = "/runnel.v1.ModelService/ListModels";
constexpr char kImportModel[] = "/runnel.v1.ModelService/ImportModel";
constexpr char kExportModel[] = "/runnel.v1.ModelService/ExportModel";
constexpr char kWatchTrainingJob[] = "/runnel.v1.TrainingJobService/WatchTrainingJob";
constexpr char kReflection[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
constexpr char kStalled[] = "the client has neither taken nor sent anything for 1 s";
constexpr int kSoonMs = 20'000;  // only a test that fails takes as long

// Limits are lowered by options_; the calls come from a peer that does what gRPC's clients do not.
class CallGuardTest : public ServerTest {
 protected:
  void SetUp() override {}

  std::unique_ptr<testing::Http2Peer> Connect(const testing::Http2Peer::Options& options) {
    const std::string& address = server_->address();
    auto peer = std::make_unique<testing::Http2Peer>(
        std::stoi(address.substr(address.rfind(':') + 1)), options);
    EXPECT_TRUE(peer->connected());
    return peer;
  }
};

TEST_F(CallGuardTest, AnswerThatNobodyTakes_EndsAfterTheTimeForStalledStreams) {
  options_.stalled_stream_seconds = 1;
  StartServer();
  TrainModel("m");
  const auto peer = Connect({.window = 0});
  const uint32_t list = peer->Call(kListModels, "");
  EXPECT_TRUE(peer->ReadUntilEnd(list, kSoonMs));
  EXPECT_EQ(peer->stream(list).bytes, 0);
  EXPECT_THAT(peer->stream(list).headers, HasSubstr(kStalled));
  EXPECT_TRUE(Eventually([this] { return server_->calls() == 0; }));
}

TEST_F(CallGuardTest, AnswersThatNobodyTakes_ClaimThreeTimesTheirSize) {
  options_.memory_bytes = 400 << 20;
  options_.max_message_bytes = 1 << 10;
  StartServer();
  for (int i = 0; i < 20; ++i) TrainModel("m" + std::to_string(i));  // for answers of some size
  grpc::ClientContext context;
  v1::ListModelsResponse list;
  ASSERT_TRUE(models_->ListModels(&context, {}, &list).ok());
  const auto claim = static_cast<int64_t>(3 * list.ByteSizeLong());
  EXPECT_TRUE(Eventually([this] { return server_->response_bytes() == 0; }));
  const auto peer = Connect({.window = 0});
  // As many as the share of a server with so little memory holds.
  const auto share = ShareMemory(options_.memory_bytes, options_.max_message_bytes)->responses;
  const auto calls_max = static_cast<int>(share / claim);
  ASSERT_LT(calls_max, 4000);
  constexpr int kAtATime = 100;  // because only so many may wait for their threads
  for (int calls = 0; calls < calls_max; calls += kAtATime) {
    for (int i = 0; i < std::min(kAtATime, calls_max - calls); ++i) peer->Call(kListModels, "");
    ASSERT_TRUE(Eventually([&] {
      return server_->response_bytes() == std::min(calls + kAtATime, calls_max) * claim;
    }));
  }
  for (int i = 0; i < 10; ++i) peer->Call(kListModels, "");
  EXPECT_TRUE(Eventually([&] {
    peer->ReadUntilEnd(0, 10);
    return peer->ended() == 10;
  }));
  EXPECT_EQ(server_->response_bytes(), calls_max * claim);
}

TEST_F(CallGuardTest, TextThatNobodyReads_EndsAndGivesItsPlaceBack) {
  options_.stalled_stream_seconds = 1;
  options_.max_streams = 1;
  StartServer();
  TrainModel("m");
  const auto peer = Connect({.window = 0});
  v1::GenerateCharsRequest request;
  request.set_model("m");
  request.mutable_stop()->set_max_chars(100'000);
  const uint32_t text =
      peer->Call("/runnel.v1.TextGenerationService/GenerateChars", request.SerializeAsString());
  ASSERT_TRUE(Eventually([this] { return server_->active_texts() == 1; }));
  EXPECT_EQ(Generate(request).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(peer->ReadUntilEnd(text, kSoonMs));
  EXPECT_THAT(peer->stream(text).headers, HasSubstr(kStalled));
  ASSERT_TRUE(Eventually([this] { return server_->active_texts() == 0; }));
  request.mutable_stop()->set_max_chars(10);
  EXPECT_TRUE(Generate(request).ok());
}

TEST_F(CallGuardTest, UploadThatSendsNothing_EndsWithAReason) {
  options_.stalled_stream_seconds = 1;
  StartServer();
  const auto first = Connect({});
  const auto second = Connect({});
  std::vector<uint32_t> uploads;
  for (int i = 0; i < 16; ++i) {  // all slots, half of them for each connection
    uploads.push_back(first->Begin("/runnel.v1.TrainingJobService/UploadCorpus"));
    second->Begin("/runnel.v1.TrainingJobService/UploadCorpus");
  }
  for (const uint32_t upload : uploads) {
    for (const auto& peer : {first.get(), second.get()}) {
      EXPECT_TRUE(peer->ReadUntilEnd(upload, kSoonMs)) << upload;
      EXPECT_THAT(peer->stream(upload).headers, HasSubstr(kStalled)) << upload;
    }
  }
  v1::UploadCorpusResponse response;
  EXPECT_TRUE(Eventually([&] { return Upload({PlainText(2)}, &response).ok(); }));
}

TEST_F(CallGuardTest, ImportThatSendsNothing_EndsWithAReason) {
  options_.stalled_stream_seconds = 1;
  StartServer();
  const auto peer = Connect({});
  const uint32_t silent = peer->Begin(kImportModel);
  // It says what will come, and then sends nothing more.
  const uint32_t begun = peer->Begin(kImportModel);
  v1::ImportModelRequest request;
  request.set_name("m");
  request.set_chunk("begun");
  peer->Send(begun, request.SerializeAsString(), /*last=*/false);
  for (const uint32_t import : {silent, begun}) {
    EXPECT_TRUE(peer->ReadUntilEnd(import, kSoonMs));
    EXPECT_THAT(peer->stream(import).headers, HasSubstr(kStalled));
  }
  EXPECT_TRUE(Eventually([this] { return server_->calls() == 0; }));
}

TEST_F(CallGuardTest, ExportThatNobodyTakes_EndsAndGivesItsSlotBack) {
  options_.stalled_stream_seconds = 1;
  StartServer();
  TrainModel("m");
  v1::ExportModelRequest request;
  request.set_model("m");
  const auto peer = Connect({.window = 0});
  std::vector<uint32_t> exports;
  for (int i = 0; i < 16; ++i) {  // the connection's share
    exports.push_back(peer->Call(kExportModel, request.SerializeAsString()));
  }
  for (const uint32_t stalled : exports) {
    EXPECT_TRUE(peer->ReadUntilEnd(stalled, kSoonMs));
    EXPECT_EQ(peer->stream(stalled).bytes, 0);
    EXPECT_THAT(peer->stream(stalled).headers, HasSubstr(kStalled));
  }
  ASSERT_TRUE(Eventually([this] { return server_->calls() == 0; }));
  const uint32_t again = peer->Call(kExportModel, request.SerializeAsString());
  EXPECT_TRUE(peer->ReadUntilEnd(again, kSoonMs));
  EXPECT_THAT(peer->stream(again).headers, HasSubstr(kStalled));
}

TEST_F(CallGuardTest, WatcherThatTakesNoReports_Ends) {
  options_.stalled_stream_seconds = 1;
  StartServer();
  v1::WatchTrainingJobRequest watch;
  watch.set_id(MustTrain(EndlessTraining("m"), /*wait=*/false).id());
  watch.set_from_start(true);
  const auto peer = Connect({.window = 0});
  const uint32_t watcher = peer->Call(kWatchTrainingJob, watch.SerializeAsString());
  EXPECT_TRUE(peer->ReadUntilEnd(watcher, kSoonMs));
  EXPECT_THAT(peer->stream(watcher).headers, HasSubstr(kStalled));
}

TEST_F(CallGuardTest, NewTexts_DoNotWaitForLists) {
  StartServer();
  TrainModel("m");
  std::promise<void> may_end;
  const std::shared_future<void> end = may_end.get_future().share();
  for (int i = 0; i < 2; ++i) {  // on all threads of lists
    ASSERT_TRUE(server_->parts().lists.Submit([end] { end.wait(); }).ok());
  }
  const auto peer = Connect({});
  const uint32_t list = peer->Call(kListModels, "");
  EXPECT_FALSE(peer->ReadUntilEnd(list, 300));
  v1::GenerateCharsRequest request;
  request.set_model("m");
  request.mutable_stop()->set_max_chars(10);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  const auto reader = generation_->GenerateChars(&context, request);
  v1::GenerateCharsResponse message;
  while (reader->Read(&message)) continue;
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_FALSE(peer->stream(list).ended);
  may_end.set_value();
  EXPECT_TRUE(peer->ReadUntilEnd(list, kSoonMs));
}

int Threads() {
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return static_cast<int>(std::distance(begin(threads), end(threads)));
}

TEST_F(CallGuardTest, ReflectionStreams_TakeFewThreads_AndEndIfNothingIsSent) {
  options_.stalled_stream_seconds = 2;
  StartServer();
  TrainModel("m");
  const int threads = Threads();
  const auto peer = Connect({});
  std::vector<uint32_t> calls;
  for (int i = 0; i < 200; ++i) calls.push_back(peer->Begin(kReflection));
  ASSERT_TRUE(Eventually([&] {
    peer->ReadUntilEnd(0, 10);
    return peer->ended() >= 200 - 8;  // a connection's half of 16
  }));
  EXPECT_LE(Threads(), threads + 32);  // those of refused streams may not have ended
  for (const uint32_t call : calls) EXPECT_TRUE(peer->ReadUntilEnd(call, kSoonMs));
  EXPECT_TRUE(Eventually([this] { return server_->calls() == 0; }));
}

TEST_F(CallGuardTest, WatcherWithoutNews_DoesNotEnd) {
  options_.stalled_stream_seconds = 1;
  StartServer();
  MustTrain(EndlessTraining("running"), /*wait=*/false);
  v1::WatchTrainingJobRequest watch;
  watch.set_id(MustTrain(EndlessTraining("queued"), /*wait=*/false).id());
  const auto peer = Connect({});
  const uint32_t watcher = peer->Call(kWatchTrainingJob, watch.SerializeAsString());
  EXPECT_FALSE(peer->ReadUntilEnd(watcher, 2'500));
}

TEST_F(CallGuardTest, PeerThatIgnoresSettings_HasABoundedNumberOfCalls) {
  options_.max_streams_per_connection = 20;
  StartServer();
  TrainModel("m");
  const auto peer = Connect({.window = 0, .acknowledges_settings = false});
  for (int i = 0; i < 500; ++i) peer->Call(kListModels, "");
  peer->ReadUntilEnd(999, kSoonMs);
  ASSERT_TRUE(Eventually([&] {
    peer->ReadUntilEnd(0, 10);
    return peer->ended() >= 480;
  }));
  EXPECT_EQ(peer->ended(), 480);
  // The end of a refused call is told before the call is gone.
  EXPECT_TRUE(Eventually([&] { return server_->calls() == 20; }));
  EXPECT_THAT(peer->stream(999).headers,
              HasSubstr("this connection has 20 calls under way, which is the most"));
  grpc::ClientContext context;  // of another connection
  v1::ListModelsResponse response;
  EXPECT_TRUE(models_->ListModels(&context, {}, &response).ok());
}

TEST_F(CallGuardTest, RequestsThatNeverComeWhole_TakeBoundedMemory_AndOthersAreServed) {
  constexpr uint32_t kMessage = 4 << 20;
  constexpr int kRequests = 100;
  options_.max_message_bytes = kMessage;  // 16 of these may arrive at a time, or less
  StartServer();
  TrainModel("m");
  const int64_t before = testing::ResidentBytes();
  const auto peer = Connect({});
  std::vector<uint32_t> scores;
  for (int i = 0; i < kRequests; ++i) {
    scores.push_back(peer->Begin("/runnel.v1.TextGenerationService/Score"));
  }
  for (int i = 0; i < 1000 && peer->ended() == 0; ++i) {
    for (const uint32_t score : scores) peer->SendIncomplete(score, kMessage);
    peer->ReadUntilEnd(0, 10);
  }
  EXPECT_GT(peer->ended(), 0) << peer->sent_incomplete();
  EXPECT_LT(peer->sent_incomplete(), 200 << 20);
  if (testing::kResidentMemoryTells) {
    EXPECT_LT(testing::ResidentBytes() - before, 250 << 20);
  }
  // While gRPC makes room, it may still reset a stream of another peer, which then tries again.
  const auto other = Connect({});
  EXPECT_TRUE(Eventually([&] {
    const uint32_t list = other->Call(kListModels, "");
    return other->ReadUntilEnd(list, kSoonMs) && other->stream(list).bytes > 0;
  }));
}

TEST_F(CallGuardTest, StreamsWithoutARequest_AreBounded) {
  options_.max_streams_per_connection = 20;
  StartServer();
  TrainModel("m");
  const auto peer = Connect({});
  peer->ReadUntilEnd(0, 500);  // acknowledges the server's settings
  for (int i = 0; i < 1500; ++i) peer->Begin(kListModels);
  for (int i = 0; i < 1000 && peer->ended() < 1500 - 1020; ++i) peer->ReadUntilEnd(0, 10);
  EXPECT_GE(peer->ended(), 1500 - 1020);
  v1::GenerateCharsRequest request;  // of another connection
  request.set_model("m");
  request.mutable_stop()->set_max_chars(10);
  EXPECT_TRUE(Generate(request).ok());
}

// A gRPC server with health checks only.
class HealthServer {
 public:
  explicit HealthServer(const CallGuard::Limits& limits) : guard_(limits) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> factories;
    factories.push_back(guard_.NewInterceptorFactory());
    builder.experimental().SetInterceptorCreators(std::move(factories));
    server_ = builder.BuildAndStart();
  }
  ~HealthServer() { server_->Shutdown(std::chrono::system_clock::now()); }

  int port() const { return port_; }
  const CallGuard& guard() const { return guard_; }

 private:
  CallGuard guard_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

constexpr char kCheckHealth[] = "/grpc.health.v1.Health/Check";
constexpr int64_t kClaim = CallGuard::kOtherResponseBytes;

TEST(CallGuard, AnswersThatNobodyTakes_ClaimMemoryUntilTheyAreGone) {
  const HealthServer server({.calls_max = 1000,
                             .calls_per_connection_max = 1000,
                             .response_bytes_max = 10 * kClaim,
                             .stall = std::chrono::seconds(600)});
  {
    testing::Http2Peer peer(server.port(), {.window = 0});
    for (int i = 0; i < 50; ++i) peer.Call(kCheckHealth, "");
    EXPECT_TRUE(Eventually([&] {
      peer.ReadUntilEnd(0, 10);
      return peer.ended() == 40;
    }));
    EXPECT_EQ(server.guard().response_bytes(), 10 * kClaim);
    EXPECT_TRUE(Eventually([&] { return server.guard().calls() == 10; }));
  }
  EXPECT_TRUE(Eventually([&] { return server.guard().response_bytes() == 0; }));
  testing::Http2Peer reader(server.port(), {});
  for (int i = 0; i < 50; ++i) {
    const uint32_t call = reader.Call(kCheckHealth, "");
    ASSERT_TRUE(reader.ReadUntilEnd(call, kSoonMs));
    EXPECT_GT(reader.stream(call).bytes, 0);
  }
}

TEST(CallGuard, CallsOfAllConnections_AreBounded) {
  const HealthServer server({.calls_max = 15,
                             .calls_per_connection_max = 10,
                             .response_bytes_max = 1000 * kClaim,
                             .stall = std::chrono::seconds(600)});
  testing::Http2Peer first(server.port(), {.window = 0});
  testing::Http2Peer second(server.port(), {.window = 0});
  for (int i = 0; i < 30; ++i) first.Call(kCheckHealth, "");
  EXPECT_TRUE(Eventually([&] {
    first.ReadUntilEnd(0, 10);
    return first.ended() == 20;
  }));
  for (int i = 0; i < 30; ++i) second.Call(kCheckHealth, "");
  EXPECT_TRUE(Eventually([&] {
    second.ReadUntilEnd(0, 10);
    return second.ended() == 25;
  }));
  EXPECT_TRUE(Eventually([&] { return server.guard().calls() == 15; }));
}

}  // namespace
}  // namespace runnel::server
