// Counts Runnel's calls that are under way, so that the end of the server need not wait for peers
// that are connected without a call. gRPC's own services (health, reflection) do not count: a watch
// of the health lasts as long as its client likes. Thread-safe.
#ifndef RUNNEL_SERVER_BASE_CALL_COUNT_H_
#define RUNNEL_SERVER_BASE_CALL_COUNT_H_

#include <grpcpp/support/server_interceptor.h>

#include <atomic>
#include <memory>

namespace runnel::server {

class CallCount {
 public:
  CallCount() : count_(std::make_shared<std::atomic<int>>(0)) {}

  // For the builder of the server whose calls are counted.
  std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> NewInterceptorFactory();

  int count() const { return *count_; }

 private:
  const std::shared_ptr<std::atomic<int>> count_;  // gRPC may keep an ended call a little longer
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_CALL_COUNT_H_
