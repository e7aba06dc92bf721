#include "server/base/call_count.h"

#include <utility>

#include "absl/strings/match.h"

namespace runnel::server {
namespace {

using grpc::experimental::ServerRpcInfo;

// Lives as long as its call.
class CountingInterceptor : public grpc::experimental::Interceptor {
 public:
  explicit CountingInterceptor(std::shared_ptr<std::atomic<int>> count) : count_(std::move(count)) {
    ++*count_;
  }
  ~CountingInterceptor() override { --*count_; }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    methods->Proceed();
  }

 private:
  const std::shared_ptr<std::atomic<int>> count_;
};

class CountingFactory : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit CountingFactory(std::shared_ptr<std::atomic<int>> count) : count_(std::move(count)) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    // gRPC deletes it. An unknown method has no name.
    const bool is_ours = info->method() != nullptr && absl::StartsWith(info->method(), "/runnel.");
    return is_ours ? new CountingInterceptor(count_) : nullptr;
  }

 private:
  const std::shared_ptr<std::atomic<int>> count_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
CallCount::NewInterceptorFactory() {
  return std::make_unique<CountingFactory>(count_);
}

}  // namespace runnel::server
