#ifndef RUNNEL_CLIENT_NET_INTERRUPT_H_
#define RUNNEL_CLIENT_NET_INTERRUPT_H_

#include <grpcpp/client_context.h>

#include <mutex>
#include <set>

namespace runnel::client {

// Ctrl-C, as a value: `main` triggers it from its signal thread, tests by hand; calls under way are
// cancelled by it. Safe to use from any thread.
class Interrupt {
 public:
  // Cancels every call under way. False if there is nobody to tidy up: then the program may simply
  // end.
  bool Trigger();

  bool triggered() const;

  // Lets an interrupt cancel `context`, which must outlive the scope. A context that comes after
  // the interrupt is cancelled from its start.
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

  // While it lives, an interrupt leaves the program running: something has begun that must be
  // tidied up.
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
  mutable std::mutex mutex_;
  bool triggered_ = false;
  int holds_ = 0;
  std::set<grpc::ClientContext*> contexts_;
};

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_INTERRUPT_H_
