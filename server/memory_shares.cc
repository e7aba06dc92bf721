#include "server/memory_shares.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace runnel::server {
namespace {

constexpr double kMessages = 0.05;
constexpr double kResponses = 0.02;
constexpr double kArriving = 0.02;
// The others add up to the rest.
constexpr double kTraining = 0.4;
constexpr double kCorpora = 0.2;
constexpr double kLoaded = 0.13;
constexpr double kImports = 0.1;
constexpr double kTexts = 0.05;
constexpr double kPatterns = 0.03;
constexpr double kOthers = kTraining + kCorpora + kLoaded + kImports + kTexts + kPatterns;

// What the server takes in any case: its code, stacks, connections, ended jobs. This much, but not
// more than an eighth of all.
constexpr int64_t kServerBytes = 64 << 20;
constexpr int64_t kServerPart = 8;

// A quarter is for the server itself and for the models that others use.
constexpr double kReading = 0.75;

constexpr int64_t kDefaultMessageMax = 64 << 20;
constexpr int64_t kDefaultMessageMin = 1 << 10;
// A server with 4 GiB or more takes messages of kDefaultMessageMax by default.
constexpr int64_t kMemoryPerMessage = 64;
// The largest response is about as large as the largest request, and takes three times its size.
constexpr int64_t kResponsesPerMessage = 4;
// The share holds at least two of the largest requests, because gRPC slows its clients down before
// the share is used up. On a server with much memory it is no larger than 16 of them, unless the
// next bound asks for more.
constexpr int64_t kArrivingMin = 2;
constexpr int64_t kArrivingMax = 16;
// gRPC also needs memory for small requests and for connections: this much, but not more than an
// eighth of all.
constexpr int64_t kArrivingBytesMin = 64 << 20;
constexpr int64_t kArrivingPartMin = 8;

int64_t Part(double part, int64_t bytes) {
  return static_cast<int64_t>(part * static_cast<double>(bytes));
}

}  // namespace

int64_t DefaultMessageBytes(int64_t memory_bytes) {
  return std::clamp(memory_bytes / kMemoryPerMessage, kDefaultMessageMin, kDefaultMessageMax);
}

absl::StatusOr<MemoryShares> ShareMemory(int64_t memory_bytes, int64_t max_message_bytes) {
  const int64_t server = std::min(kServerBytes, memory_bytes / kServerPart);
  const int64_t message_max =
      memory_bytes / 2 / (1 + kResponsesPerMessage + kArrivingMin) - kMessageSlackBytes;
  if (max_message_bytes > message_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("--max-message-bytes: is ", max_message_bytes, "; must be at most ",
                     std::max<int64_t>(0, message_max), ", because this server may use ",
                     memory_bytes, " bytes of memory"));
  }
  // The largest request always has its turn, and so has the largest response.
  const int64_t message = max_message_bytes + kMessageSlackBytes;
  MemoryShares shares{
      .messages = std::max(Part(kMessages, memory_bytes), message),
      .responses = std::max(Part(kResponses, memory_bytes), kResponsesPerMessage * message),
      .arriving = std::max(std::min(kArrivingBytesMin, memory_bytes / kArrivingPartMin),
                           std::clamp(Part(kArriving, memory_bytes), kArrivingMin * message,
                                      kArrivingMax * message)),
      .reading = Part(kReading, memory_bytes)};
  const int64_t others =
      memory_bytes - server - shares.messages - shares.responses - shares.arriving;
  shares.training = Part(kTraining / kOthers, others);
  shares.corpora = Part(kCorpora / kOthers, others);
  shares.loaded = Part(kLoaded / kOthers, others);
  shares.imports = Part(kImports / kOthers, others);
  shares.texts = Part(kTexts / kOthers, others);
  shares.patterns = Part(kPatterns / kOthers, others);
  return shares;
}

}  // namespace runnel::server
