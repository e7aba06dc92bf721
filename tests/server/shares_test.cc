// The share that one connection may have of each kind of call, with peers that hold their calls.
#include <array>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/server/server_fixture.h"
#include "tests/testing/http2_peer.h"

namespace runnel::server {
namespace {

using ::testing::HasSubstr;

class SharesTest : public ServerTest {
 protected:
  // Begins calls that `begin` makes, from one peer after the other, and expects that each peer but
  // the third gets `share` of them.
  template <typename Begin>
  void ExpectShare(int share, const std::string& are_under_way, Begin begin) {
    const std::string& address = server_->address();
    const int port = std::stoi(address.substr(address.rfind(':') + 1));
    std::array<std::unique_ptr<testing::Http2Peer>, 3> peers;
    for (auto& peer : peers) {
      // Nothing is taken, so that no call ends.
      peer = std::make_unique<testing::Http2Peer>(port, testing::Http2Peer::Options{.window = 0});
      ASSERT_TRUE(peer->connected());
      const int taken = peer == peers.back() ? 0 : share;
      for (int i = 0; i <= taken; ++i) begin(peer.get());
      EXPECT_TRUE(Eventually([&] {
        peer->ReadUntilEnd(0, 10);
        return peer->ended() == 1;
      }));
    }
    EXPECT_TRUE(Eventually([&] { return server_->calls() == 2 * share; }));
    EXPECT_THAT(
        HeadersOfTheEnded(peers.front().get()),
        HasSubstr(absl::StrCat(share, " ", are_under_way, " over this connection already")));
    EXPECT_THAT(HeadersOfTheEnded(peers.back().get()),
                HasSubstr(absl::StrCat(2 * share, " ", are_under_way, " already; try again")));
    EXPECT_EQ(peers.front()->ended(), 1);
  }

 private:
  static std::string HeadersOfTheEnded(testing::Http2Peer* peer) {
    for (uint32_t number = 1; number < 10'000; number += 2) {
      if (peer->stream(number).ended) return peer->stream(number).headers;
    }
    return "";
  }
};

TEST_F(SharesTest, Uploads) {
  ExpectShare(16, "corpora are being uploaded", [](testing::Http2Peer* peer) {
    peer->Begin("/runnel.v1.TrainingJobService/UploadCorpus");
  });
}

TEST_F(SharesTest, Imports) {
  ExpectShare(4, "models are being imported",
              [](testing::Http2Peer* peer) { peer->Begin("/runnel.v1.ModelService/ImportModel"); });
}

TEST_F(SharesTest, Exports) {
  TrainModel("m");
  v1::ExportModelRequest request;
  request.set_model("m");
  ExpectShare(16, "models are being exported", [&](testing::Http2Peer* peer) {
    peer->Call("/runnel.v1.ModelService/ExportModel", request.SerializeAsString());
  });
}

TEST_F(SharesTest, CallsThatFollowAJob) {
  v1::WatchTrainingJobRequest watch;
  watch.set_id(MustTrain(EndlessTraining("m"), /*wait=*/false).id());
  v1::TrainRequest train = EndlessTraining("n");
  train.set_request_id("n");
  train.set_wait(true);
  int calls = 0;
  ExpectShare(500, "calls are following training jobs", [&](testing::Http2Peer* peer) {
    if (++calls % 100 != 0) {
      peer->Call("/runnel.v1.TrainingJobService/WatchTrainingJob", watch.SerializeAsString());
    } else {  // waits for the end of a job, which counts as well
      peer->Call("/runnel.v1.TextGenerationService/Train", train.SerializeAsString());
    }
  });
}

}  // namespace
}  // namespace runnel::server
