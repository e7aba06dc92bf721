// Makes gRPC start all threads of its executor, the pool that tells reactors that their calls are
// done and does other work that must not run on the thread of a call.
//
// gRPC 1.51 starts these threads when there is much to do. It counts a thread before the system has
// granted it, and gives work to threads that never started. That work is lost: calls never end and
// connections are never read again, even after the system grants threads again. The pool must
// therefore be complete before the texts and jobs of a server reach a limit of processes.
#ifndef RUNNEL_SERVER_BASE_GRPC_THREADS_H_
#define RUNNEL_SERVER_BASE_GRPC_THREADS_H_

#include <grpc/grpc.h>

#include "absl/status/status.h"

namespace runnel::server {

// Keeps gRPC and its threads alive, also when nothing else uses them.
class GrpcUse {
 public:
  GrpcUse() { grpc_init(); }
  ~GrpcUse() { grpc_shutdown(); }
  GrpcUse(const GrpcUse&) = delete;
  GrpcUse& operator=(const GrpcUse&) = delete;
};

// The threads that gRPC's executor has when it is complete: two for each processor.
int ExecutorThreadsMax();

// Returns when the executor is complete. It stays so until the last use of gRPC ends.
// RESOURCE_EXHAUSTED if the system would refuse the threads that gRPC needs.
absl::Status StartGrpcThreads();

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_GRPC_THREADS_H_
