// Writes many texts at once on one thread.
//
// A decoder step for one text is slow for its arithmetic: it reads all weights from memory and uses
// each of them once. A step for fifty texts reads the weights once for all of them and takes much
// less than fifty times as long. So the scheduler collects the texts that are being written with
// the same model and moves them forward together, one symbol a step each: of the prompt, or the one
// just drawn. Texts join and leave between steps ("continuous batching"); what is written does not
// depend on a text's company (see Decoder). With several models, each model's texts take a decoder
// step of their own within the scheduler's step.
//
// A long prompt would take one step a symbol. Therefore, before each step, the scheduler reads some
// more symbols of those prompts that are nearest to their ends. Their number is bounded, so that
// a long prompt delays neither the running texts nor a short prompt.
//
// Nothing happens except in Step, and nothing in here waits, so a test can turn the crank by hand.
// Not thread-safe; several schedulers may run at the same time on different threads, and a text may
// move between them from step to step.
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
  // A session, and the receiver of the text that it writes. Only the one scheduler that has the
  // text calls it.
  class Text {
   public:
    virtual ~Text() = default;
    // The session. It has not ended as long as the text is in a scheduler.
    virtual Session& session() = 0;
    // Called before each step. If it returns false, the text leaves without taking the step.
    virtual bool Continues() = 0;
    // Called after each step with its result and the text that it wrote. If it returns false, the
    // text leaves: the scheduler does not touch it again, so by then it may be in another one.
    virtual bool OnStep(Event event, absl::string_view written) = 0;
  };

  void Add(std::shared_ptr<Text> text);
  // Moves every text one step forward. Returns how many texts left.
  int Step();
  // Removes a text of the model with the most texts, and returns it; null if there is none.
  std::shared_ptr<Text> Take();

  int64_t size() const { return size_; }

 private:
  // Texts in one decoder step: enough to use the weights often while they are in the cache, and few
  // enough for the activations to stay there, too.
  static constexpr int64_t kColumnsMax = 96;
  // Limits on how much of the prompts one step reads ahead, in symbols and in multiply-adds. Large,
  // because a text starts sooner when its prompt takes fewer steps; but at most a few milliseconds,
  // because a cancelled call waits for the step to end; and much less while other texts are
  // waiting.
  static constexpr int64_t kReadAheadMax = 32;
  static constexpr int64_t kReadAheadCostAlone = 128 << 20;
  static constexpr int64_t kReadAheadCost = 4 << 20;
  // The most prompts that are read ahead. Reading more of them one by one takes longer than reading
  // them together in the steps that they share.
  static constexpr int64_t kReadersAheadMax = 8;

  struct Group {
    const LanguageModel* model;  // kept alive by the texts' sessions
    std::vector<std::shared_ptr<Text>> texts;
  };

  void ReadAhead();
  // Moves texts of one model one step forward. Those that leave become null.
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
