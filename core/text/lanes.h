// Cuts a range of a corpus into contiguous lanes, and returns batches for truncated BPTT: T
// characters of every lane, then the next T, and so on. Each lane's state is carried over from one
// batch to the next.
//
// With one lane this is the pointer of the classic script: it moves forward by T, and when fewer
// than T + 2 characters are left it returns to the beginning, and the state to zero.
//
// `ShiftBy` lets the lanes of an epoch begin elsewhere; a lane that reaches the end of the range
// continues at its beginning. A lane's state is zeroed there, and before each document's start
// symbol. (A backward layer would have to zero its state one symbol earlier. It therefore sees one
// character of the next document.)
//
// Not thread-safe, except that several threads may call `CopyBatch` between two calls of `Advance`.
#ifndef RUNNEL_CORE_TEXT_LANES_H_
#define RUNNEL_CORE_TEXT_LANES_H_

#include <algorithm>
#include <cstdint>

#include "core/text/corpus.h"

namespace runnel {

class LaneReader {
 public:
  // The fewest symbols that make one batch.
  static int64_t SymbolsMin(int lanes, int steps) { return int64_t{lanes} * (steps + 1); }

  // The number of batches in an epoch of `symbols` symbols, at least 1.
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

  // Copies the lanes [lane_begin, lane_end) of the current batch as [T x lanes] ids. A target is
  // the symbol after its input. Unless `resets` is null, it also gets [T x lanes] values: 1 where
  // the lane's state must be zeroed before that input, else 0. Returns whether it has a 1.
  bool CopyBatch(int lane_begin, int lane_end, int32_t* inputs, int32_t* targets,
                 uint8_t* resets = nullptr) const;
  // Returns the first input of the first lane in the current batch.
  int32_t FirstInput() const;
  // Moves to the next batch. Returns true if the lanes begin again, so that the carried state must
  // be zeroed.
  bool Advance();
  // The number of positions at which a lane may begin.
  int64_t positions() const { return positions_; }
  // Lets every lane begin `shift` symbols later, 0 <= shift < positions(), until the next call. To
  // be called only when the lanes begin again.
  void ShiftBy(int64_t shift) { place_.shift = shift; }

  // Where the lanes are. A new reader of the same corpus, range, lanes and steps that goes there
  // continues as this one.
  struct Place {
    int64_t offset = 0;  // of the current batch in its lane
    int64_t shift = 0;
  };
  const Place& place() const { return place_; }
  void GoTo(const Place& place) { place_ = place; }

 private:
  // The position of the current batch of a lane, within the range.
  int64_t Position(int lane) const {
    return (lane * lane_size_ + place_.offset + place_.shift) % positions_;
  }

  const Corpus& corpus_;
  const int64_t begin_;
  const int64_t positions_;
  const int64_t lane_size_;
  const int lanes_;
  const int steps_;
  Place place_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TEXT_LANES_H_
