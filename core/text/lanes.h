// Cuts a range of a corpus into contiguous lanes and hands out truncated-BPTT batches: T characters
// of every lane, then the next T, each lane's state carried on from batch to batch.
//
// With one lane this is the classic script's pointer: it moves on by T, and goes back to the
// beginning (the state to zero) when fewer than T + 2 characters are left.
//
// `ShiftBy` lets the lanes of an epoch begin elsewhere, round the end of the range. A lane's state
// is zeroed where it passes that end, and before each document's start symbol. (A backward layer,
// whose state would be zeroed a symbol earlier, sees one character beyond that end.)
//
// Not thread-safe; `CopyBatch` alone may be called from several threads between two calls of
// `Advance`.
#ifndef RUNNEL_CORE_TEXT_LANES_H_
#define RUNNEL_CORE_TEXT_LANES_H_

#include <algorithm>
#include <cstdint>

#include "core/text/corpus.h"

namespace runnel {

class LaneReader {
 public:
  // The fewest symbols that give one batch.
  static int64_t SymbolsMin(int lanes, int steps) { return int64_t{lanes} * (steps + 1); }

  // Batches in an epoch of `symbols` symbols; 1 at least.
  static int64_t BatchesPerEpoch(int64_t symbols, int lanes, int steps) {
    return std::max<int64_t>(1, (symbols / lanes - 2) / steps);
  }

  // `range` must hold SymbolsMin(lanes, steps); `corpus` must outlive the reader.
  LaneReader(const Corpus& corpus, CorpusRange range, int lanes, int steps)
      : corpus_(corpus),
        begin_(range.begin),
        positions_(range.size() - 1),
        lane_size_(range.size() / lanes),
        lanes_(lanes),
        steps_(steps) {}

  int lanes() const { return lanes_; }
  int steps() const { return steps_; }
  int64_t batches_per_epoch() const { return BatchesPerEpoch(lane_size_ * lanes_, lanes_, steps_); }

  // Copies the current batch's lanes [lane_begin, lane_end) as [T x lanes] ids; a target is the
  // symbol after its input. If `resets` is not null, it becomes [T x lanes] too: 1 where the lane's
  // state must be zeroed before that input, else 0. Returns whether there is such a place.
  bool CopyBatch(int lane_begin, int lane_end, int32_t* inputs, int32_t* targets,
                 uint8_t* resets = nullptr) const;
  // The first lane's first input of the current batch.
  int32_t FirstInput() const;
  // Goes on to the next batch. True when the lanes start anew, so that the carried state must be
  // zeroed.
  bool Advance();
  // Places where a lane may begin.
  int64_t positions() const { return positions_; }
  // Until the next call every lane begins `shift` symbols further on, 0 <= shift < positions(). To
  // be called while the lanes start anew.
  void ShiftBy(int64_t shift) { shift_ = shift; }

 private:
  // Of the current batch in a lane, in the range.
  int64_t Position(int lane) const { return (lane * lane_size_ + offset_ + shift_) % positions_; }

  const Corpus& corpus_;
  const int64_t begin_;
  const int64_t positions_;
  const int64_t lane_size_;
  const int lanes_;
  const int steps_;
  int64_t offset_ = 0;  // of the current batch in its lane
  int64_t shift_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TEXT_LANES_H_
