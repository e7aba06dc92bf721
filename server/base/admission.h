// The base of the pools that work on texts: bounds the texts under way, and asks them to end when
// the server shuts down. Thread-safe.
#ifndef RUNNEL_SERVER_BASE_ADMISSION_H_
#define RUNNEL_SERVER_BASE_ADMISSION_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "server/base/slots.h"

namespace runnel::server {

class Admission {
 public:
  // `when_full` begins the message of a refusal: "this server writes at most 8 texts at a time".
  Admission(int texts_max, std::string when_full) : slots_(texts_max, std::move(when_full)) {}

  // Room for `texts` texts, until it is destroyed. RESOURCE_EXHAUSTED if that would be too many.
  // This must outlive the slot.
  absl::StatusOr<std::unique_ptr<Slots::Slot>> Admit(int texts = 1) { return slots_.Take(texts); }
  // The number of texts that are admitted.
  int active() const { return slots_.taken(); }

  // Asks all texts, also later ones, to end as soon as they can.
  void StartDraining() { draining_ = true; }
  bool draining() const { return draining_; }

 private:
  Slots slots_;
  std::atomic<bool> draining_ = false;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_ADMISSION_H_
