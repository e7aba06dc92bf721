// Interrupts by the user (Ctrl-C), as an object that calls can watch.
#ifndef RUNNEL_CLIENT_NET_INTERRUPT_H_
#define RUNNEL_CLIENT_NET_INTERRUPT_H_

#include <grpcpp/client_context.h>

#include <set>

#include "core/base/mutex.h"

namespace runnel::client {

// Whether the user has interrupted the command. `main` triggers it from its signal thread, tests by
// hand. An interrupt cancels the running calls. Thread-safe.
class Interrupt {
 public:
  // Cancels every running call. Returns false if there is neither a running call nor a Hold: then
  // the program may exit at once.
  bool Trigger();

  bool triggered() const;

  // While it lives, an interrupt cancels `context`, which must outlive it. If the interrupt has
  // come already, the context is cancelled at once.
  class Cancels {
   public:
    Cancels(Interrupt& interrupt, grpc::ClientContext& context);
    ~Cancels();
    Cancels(const Cancels&) = delete;
    Cancels& operator=(const Cancels&) = delete;

   private:
    Interrupt& interrupt_;
    grpc::ClientContext& context_;
  };

  // While it lives, an interrupt does not end the program, because something has begun that the
  // command must finish or undo.
  class Hold {
   public:
    explicit Hold(Interrupt& interrupt);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Interrupt& interrupt_;
  };

 private:
  mutable Mutex mutex_;
  bool triggered_ RUNNEL_GUARDED_BY(mutex_) = false;
  int holds_ RUNNEL_GUARDED_BY(mutex_) = 0;
  std::set<grpc::ClientContext*> contexts_ RUNNEL_GUARDED_BY(mutex_);
};

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_INTERRUPT_H_
