#include "server/base/self_owned_call.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace runnel::server {
namespace {

// Stands for one of gRPC's reactors: it notes what is asked of it.
class FakeReactor {
 public:
  virtual ~FakeReactor() = default;
  virtual void OnCancel() = 0;
  virtual void OnDone() = 0;
  void Finish(const grpc::Status& status) { finishes.push_back(status.error_code()); }
  void StartWriteAndFinish(const std::string* message, const grpc::WriteOptions& /*options*/,
                           const grpc::Status& status) {
    written += *message;
    Finish(status);
  }

  std::vector<grpc::StatusCode> finishes;
  std::string written;
};

class FakeCall : public SelfOwnedCall<FakeReactor> {
 public:
  explicit FakeCall(std::string* log) : log_(*log) {}
  ~FakeCall() override { log_ += "gone;"; }

  using SelfOwnedCall::End;
  void EndWith(const std::string* message) {
    const MutexLock lock(&mutex_);
    WriteAndFinishOnce(message);
  }
  std::shared_ptr<FakeCall> Held() { return SharedAs<FakeCall>(); }

 protected:
  void OnCancelled() override {
    log_ += cancelled() ? "cancelled;" : "";
    const MutexLock lock(&mutex_);
    FinishOnce(absl::CancelledError(""));
  }
  void OnEnd() override { log_ += "end;"; }

 private:
  std::string& log_;
};

FakeCall* Start(std::string* log) {
  const auto call = std::make_shared<FakeCall>(log);
  call->OwnItself();
  return call.get();
}

TEST(SelfOwnedCall, LivesUntilDone) {
  std::string log;
  FakeCall* call = Start(&log);
  call->End(absl::OkStatus());
  EXPECT_EQ(log, "");
  call->OnDone();
  EXPECT_EQ(log, "end;gone;");
}

TEST(SelfOwnedCall, TaskThatHoldsIt_KeepsItBeyondDone) {
  std::string log;
  FakeCall* call = Start(&log);
  std::shared_ptr<FakeCall> task = call->Held();
  call->End(absl::OkStatus());
  call->OnDone();
  EXPECT_EQ(log, "end;");
  task = nullptr;
  EXPECT_EQ(log, "end;gone;");
}

TEST(SelfOwnedCall, FinishesOnce_ByTheFirstThatAsks) {
  std::string log;
  FakeCall* call = Start(&log);
  const std::string message = "last";
  call->EndWith(&message);
  call->EndWith(&message);
  call->End(absl::InternalError(""));
  call->OnCancel();
  EXPECT_EQ(call->finishes, std::vector{grpc::StatusCode::OK});
  EXPECT_EQ(call->written, "last");
  call->OnDone();
}

TEST(SelfOwnedCall, Cancel_IsToldBeforeTheCallReacts) {
  std::string log;
  FakeCall* call = Start(&log);
  call->OnCancel();
  EXPECT_EQ(log, "cancelled;");
  EXPECT_EQ(call->finishes, std::vector{grpc::StatusCode::CANCELLED});
  call->OnDone();
  EXPECT_EQ(log, "cancelled;end;gone;");
}

TEST(SelfOwnedCall, ThreadsThatFinishAndCancelAtOnce_FinishOnce) {
  for (int i = 0; i < 200; ++i) {
    std::string log;
    FakeCall* call = Start(&log);
    std::thread finishing([held = call->Held()] { held->End(absl::OkStatus()); });
    call->OnCancel();
    finishing.join();
    EXPECT_EQ(call->finishes.size(), 1);
    call->OnDone();
  }
}

}  // namespace
}  // namespace runnel::server
