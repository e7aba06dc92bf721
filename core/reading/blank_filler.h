// Fills the blanks of a text with a bidirectional model.
//
// First, the candidates of each blank are ranked with all blanks hidden. Then the blanks are filled
// one after another, so that they agree with each other: the blank whose likeliest character has
// the highest probability is filled with it, the earlier one on a tie, and the blanks that see it
// (cloze_windows.h) are ranked again, until no blank is left. Filling a blank reads at most two
// windows.
//
// Not thread-safe; it may move between threads from call to call. Call Advance until it is done,
// then the results.
#ifndef RUNNEL_CORE_READING_BLANK_FILLER_H_
#define RUNNEL_CORE_READING_BLANK_FILLER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/nn/language_model.h"
#include "core/reading/cloze_windows.h"

namespace runnel {

struct BlankCandidate {
  int32_t id = 0;      // a whole character: below 128 for a model of bytes
  double logprob = 0;  // nats
};

class BlankFiller {
 public:
  // `text` has ids of the bidirectional model's vocabulary, and kMaskedId for each blank, at least
  // one. Keeps up to `candidates` >= 1 for each blank.
  BlankFiller(std::shared_ptr<const LanguageModel> model, std::vector<int32_t> text,
              int candidates);

  // Does a little work, some milliseconds at most unless the network is very large. True once all
  // blanks are filled. DATA_LOSS if the model's logits are not finite; not to be called again.
  absl::StatusOr<bool> Advance();

  // The candidates of each blank, in the text's order; the likeliest comes first, the lower id on a
  // tie. They are characters of the vocabulary or, for a model of bytes, characters of one byte.
  const std::vector<std::vector<BlankCandidate>>& candidates() const { return candidates_; }
  // The text with every blank filled.
  const std::vector<int32_t>& filled() const { return text_; }

 private:
  struct Blank {
    int64_t symbol = 0;
    BlankCandidate best;  // as the text is now
    bool filled = false;
  };

  int64_t BlockOf(const Blank& blank) const;
  ClozeWindow WindowOf(int64_t block) const;
  // Reads a block's window and ranks the candidates of its blanks. DATA_LOSS if their logits are
  // not finite.
  absl::Status ReadBlock(int64_t block);
  std::vector<BlankCandidate> Rank(const float* logits, size_t count) const;
  // Fills the surest blank; the blocks that see it and have blanks left must be read again.
  void FillSurest();

  const std::shared_ptr<const LanguageModel> model_;
  const size_t candidates_max_;
  std::vector<int32_t> text_;  // surrounded while it is worked on
  const int64_t surround_;     // symbols that Surround added at either end of text_
  std::vector<Blank> blanks_;  // in the text's order
  std::vector<std::vector<BlankCandidate>> candidates_;
  std::vector<int64_t> blocks_to_read_;
  size_t blanks_left_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_READING_BLANK_FILLER_H_
