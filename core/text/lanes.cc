#include "core/text/lanes.h"

namespace runnel {

void LaneReader::CopyBatch(int lane_begin, int lane_end, int32_t* inputs, int32_t* targets) const {
  const int lanes = lane_end - lane_begin;
  for (int lane = 0; lane < lanes; ++lane) {
    const int64_t start = begin_ + (lane_begin + lane) * lane_size_ + offset_;
    corpus_.CopyIds(start, steps_, lanes, inputs + lane);
    corpus_.CopyIds(start + 1, steps_, lanes, targets + lane);
  }
}

int32_t LaneReader::FirstInput() const {
  int32_t id;
  corpus_.CopyIds(begin_ + offset_, 1, 1, &id);
  return id;
}

bool LaneReader::Advance() {
  offset_ += steps_;
  if (offset_ + steps_ + 1 < lane_size_) return false;
  offset_ = 0;
  return true;
}

}  // namespace runnel
