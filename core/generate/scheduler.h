// Continuous batching: the texts that are being written share the steps of their models' decoders.
//
// A step reads one symbol of each text, of its prompt or the one just drawn, and before that,
// unless many prompts are being read, some more of those that are nearest to their ends: a bounded
// number, so that a long prompt holds up no running text, nor a short prompt. Texts join and leave
// between steps; a text's result does not depend on its company (see Decoder). Several models take
// turns within a step.
//
// A crank: nothing moves but by Step, and nothing in here waits. Not thread-safe; several
// schedulers may run side by side, and a text may move between them from step to step.
#ifndef RUNNEL_CORE_GENERATE_SCHEDULER_H_
#define RUNNEL_CORE_GENERATE_SCHEDULER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/generate/session.h"
#include "core/nn/language_model.h"

namespace runnel {

class Scheduler {
 public:
  // A session and who takes what it writes. Called by the one scheduler that it is in.
  class Text {
   public:
    virtual ~Text() = default;
    // Not ended, as long as the text is in a scheduler.
    virtual Session& session() = 0;
    // Before each step. False: it leaves, without taking the step.
    virtual bool GoesOn() = 0;
    // After each step: what the session made of it, and what it wrote. False: it leaves; the
    // scheduler does not touch it again, so it may already be in another one.
    virtual bool OnStep(Event event, absl::string_view written) = 0;
  };

  void Add(std::shared_ptr<Text> text);
  // One step of every text. Returns how many left.
  int Step();
  // Takes a text out, of the model that has most; null if there is none.
  std::shared_ptr<Text> Take();

  int64_t size() const { return size_; }

 private:
  // Columns of one decoder step: enough to use weights often while they are in the cache, few
  // enough for the activations to stay there too.
  static constexpr int64_t kColumnsMax = 96;
  // Of prompts one step reads ahead at most so many symbols, and so many multiply-adds: many, as
  // the fewer steps a prompt takes the sooner its text begins; but some milliseconds, as who
  // cancels waits, and far less while other texts wait to go on.
  static constexpr int64_t kReadAheadMax = 32;
  static constexpr int64_t kReadAheadCostAlone = 128 << 20;
  static constexpr int64_t kReadAheadCost = 4 << 20;
  // Prompts that it does so for. Where there are more, the steps that they share read them in less
  // time altogether.
  static constexpr int64_t kReadersAheadMax = 8;

  struct Group {
    const LanguageModel* model;  // that the texts' sessions hold
    std::vector<std::shared_ptr<Text>> texts;
  };

  void ReadAhead();
  // Texts that leave become null.
  void StepTexts(const LanguageModel& model, absl::Span<std::shared_ptr<Text>> texts);

  std::vector<Group> groups_;  // none is empty
  int64_t size_ = 0;
  DecodeScratch<float> scratch_;
  std::vector<int32_t> ids_;
  std::vector<float*> states_;
  std::vector<float> logits_;
  Sampler sampler_;
  std::string written_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SCHEDULER_H_
