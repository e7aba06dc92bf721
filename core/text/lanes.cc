#include "core/text/lanes.h"

#include <optional>

namespace runnel {

bool LaneReader::CopyBatch(int lane_begin, int lane_end, int32_t* inputs, int32_t* targets,
                           uint8_t* resets) const {
  const int lanes = lane_end - lane_begin;
  const std::optional<int32_t> end_of_document = corpus_.vocabulary().EndOfDocumentId();
  bool any = false;
  for (int lane = 0; lane < lanes; ++lane) {
    const int64_t start = Position(lane_begin + lane);
    const int64_t before_end = std::min<int64_t>(steps_, positions_ - start);
    corpus_.CopyIds(begin_ + start, before_end, lanes, inputs + lane);
    corpus_.CopyIds(begin_ + start + 1, before_end, lanes, targets + lane);
    const int64_t later = before_end * lanes + lane;
    corpus_.CopyIds(begin_, steps_ - before_end, lanes, inputs + later);
    corpus_.CopyIds(begin_ + 1, steps_ - before_end, lanes, targets + later);
    if (resets == nullptr) continue;
    for (int64_t t = 0; t < steps_; ++t) {
      // A lane that begins again has the zero state anyway.
      const bool at_beginning = start + t == positions_ || (start + t == 0 && place_.offset > 0);
      const bool reset = at_beginning || inputs[t * lanes + lane] == end_of_document;
      resets[t * lanes + lane] = reset ? 1 : 0;
      any |= reset;
    }
  }
  return any;
}

int32_t LaneReader::FirstInput() const {
  int32_t id;
  corpus_.CopyIds(begin_ + Position(0), 1, 1, &id);
  return id;
}

bool LaneReader::Advance() {
  place_.offset += steps_;
  if (place_.offset + steps_ + 1 < lane_size_) return false;
  place_.offset = 0;
  return true;
}

}  // namespace runnel
