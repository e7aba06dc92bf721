// Bounds how many things of one kind may be under way at a time, in all and for each connection:
// one connection gets at most half of them, so that no single peer can keep all others out.
// Thread-safe.
#ifndef RUNNEL_SERVER_BASE_FAIR_SLOTS_H_
#define RUNNEL_SERVER_BASE_FAIR_SLOTS_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "core/base/mutex.h"

namespace runnel::server {

// Whether `peer`, as grpc::ServerContextBase::peer() names it, is a single connection. All peers at
// a Unix socket have the same name, so no share can be measured there. But a peer that can open the
// socket is on this machine and passed the permissions of the socket's folder.
inline bool IsOneConnection(absl::string_view peer) { return !absl::StartsWith(peer, "unix:"); }

class FairSlots {
 public:
  // A slot that is taken, until this is destroyed.
  class Slot {
   public:
    Slot(FairSlots* slots, std::string connection)
        : slots_(*slots), connection_(std::move(connection)) {}
    ~Slot() { slots_.GiveBack(connection_); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    FairSlots& slots_;
    const std::string connection_;
  };

  // `are_under_way` describes several of the things in a refusal: "models are being imported".
  FairSlots(int count, std::string are_under_way)
      : count_(count), are_under_way_(std::move(are_under_way)) {}

  // Takes a slot for a call of `peer`. RESOURCE_EXHAUSTED if the peer's connection has its share
  // already, or no slot is free. A peer that is not one connection has no share. This must outlive
  // the slot.
  absl::StatusOr<std::unique_ptr<Slot>> Take(const std::string& peer) RUNNEL_EXCLUDES(mutex_);

  int taken() const RUNNEL_EXCLUDES(mutex_);

 private:
  void GiveBack(const std::string& connection) RUNNEL_EXCLUDES(mutex_);

  const int count_;
  const std::string are_under_way_;
  mutable Mutex mutex_;
  int taken_ RUNNEL_GUARDED_BY(mutex_) = 0;
  // The slots that each connection has taken, of those that have any.
  std::map<std::string, int> taken_by_ RUNNEL_GUARDED_BY(mutex_);
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_FAIR_SLOTS_H_
