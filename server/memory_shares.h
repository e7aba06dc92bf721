// Divides the memory that this process may use among the kinds of work.
#ifndef RUNNEL_SERVER_MEMORY_SHARES_H_
#define RUNNEL_SERVER_MEMORY_SHARES_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace runnel::server {

// The bytes that a message may have in addition to ServerOptions::max_message_bytes, because a text
// of exactly that size still needs room for the other fields.
inline constexpr int64_t kMessageSlackBytes = 64 << 10;

// The max_message_bytes of a server that may use `memory_bytes`, unless its operator chooses it.
int64_t DefaultMessageBytes(int64_t memory_bytes);

// How many bytes each kind of work may use. The shares together leave some of what the process may
// use to the server itself.
struct MemoryShares {
  int64_t training = 0;   // one job's weights and activations
  int64_t corpora = 0;    // that are loaded, for jobs that wait or train
  int64_t loaded = 0;     // models that stay loaded
  int64_t imports = 0;    // models that are being imported
  int64_t texts = 0;      // that are read or written, and their requests
  int64_t patterns = 0;   // of texts that must match one
  int64_t messages = 0;   // requests that wait or are prepared
  int64_t responses = 0;  // that wait for their readers
  int64_t arriving = 0;   // requests that gRPC has received in part
  // What reading a model may use. It is not part of the sum: reading may borrow from all other
  // shares. Otherwise a model larger than the share of loaded models could never be used.
  int64_t reading = 0;

  int64_t Sum() const {
    return training + corpora + loaded + imports + texts + patterns + messages + responses +
           arriving;
  }
};

// INVALID_ARGUMENT if messages of that size would leave too little for all other work.
absl::StatusOr<MemoryShares> ShareMemory(int64_t memory_bytes, int64_t max_message_bytes);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_MEMORY_SHARES_H_
