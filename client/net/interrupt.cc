#include "client/net/interrupt.h"

namespace runnel::client {

bool Interrupt::Trigger() {
  const MutexLock lock(&mutex_);
  triggered_ = true;
  for (grpc::ClientContext* context : contexts_) context->TryCancel();
  return holds_ > 0 || !contexts_.empty();
}

bool Interrupt::triggered() const {
  const MutexLock lock(&mutex_);
  return triggered_;
}

Interrupt::Cancels::Cancels(Interrupt& interrupt, grpc::ClientContext& context)
    : interrupt_(interrupt), context_(context) {
  const MutexLock lock(&interrupt_.mutex_);
  interrupt_.contexts_.insert(&context_);
  if (interrupt_.triggered_) context_.TryCancel();
}

Interrupt::Cancels::~Cancels() {
  const MutexLock lock(&interrupt_.mutex_);
  interrupt_.contexts_.erase(&context_);
}

Interrupt::Hold::Hold(Interrupt& interrupt) : interrupt_(interrupt) {
  const MutexLock lock(&interrupt_.mutex_);
  ++interrupt_.holds_;
}

Interrupt::Hold::~Hold() {
  const MutexLock lock(&interrupt_.mutex_);
  --interrupt_.holds_;
}

}  // namespace runnel::client
