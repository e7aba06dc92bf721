// Writes one text on its own: a session and the decoder's step. Not thread-safe; it may move
// between threads from call to call.
#ifndef RUNNEL_CORE_GENERATE_SINGLE_STREAM_H_
#define RUNNEL_CORE_GENERATE_SINGLE_STREAM_H_

#include <string>
#include <utility>
#include <vector>

#include "core/generate/session.h"

namespace runnel {

class SingleStream {
 public:
  explicit SingleStream(Session session)
      : session_(std::move(session)), logits_(session_.model().vocabulary.size()) {}

  // Reads one symbol and, once the prompt is read, draws one. Not to be called after the end.
  Event Step(std::string* text) {
    const int32_t input = session_.NextInput();
    float* state = session_.state();
    session_.model().decoder->Step({&input, 1}, {&state, 1}, logits_.data(), &scratch_);
    return session_.Accept(logits_, &sampler_, text);
  }

  // Writes until the end.
  std::string WriteAll() {
    std::string text;
    while (Step(&text) != Event::kEnd) continue;
    return text;
  }

  Session& session() { return session_; }
  const Session& session() const { return session_; }

 private:
  Session session_;
  std::vector<float> logits_;  // [V], after everything read
  DecodeScratch<float> scratch_;
  Sampler sampler_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SINGLE_STREAM_H_
