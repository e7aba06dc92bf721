// What a network reads in training: the characters of several lanes over several steps.
#ifndef RUNNEL_CORE_NN_BATCH_H_
#define RUNNEL_CORE_NN_BATCH_H_

#include <cstdint>

#include "core/base/interruption.h"
#include "core/nn/dropout.h"

namespace runnel {

// The id of a masked character, which a network reads as the zero vector.
inline constexpr int32_t kMaskedId = -1;
// A target that is not predicted. It adds nothing to the loss.
inline constexpr int32_t kNoTarget = -1;
// How many rows are worked on between two questions whether that is interrupted.
inline constexpr int64_t kRowsBetweenQuestions = 64;

// The input of one shard of lanes, T steps by B lanes.
struct Batch {
  const int32_t* inputs;  // [T x B] ids or kMaskedId
  int steps;              // T
  // [T x B], or null. If an element is not 0, the lane's state is set to zero before the lane reads
  // that step's character.
  const uint8_t* resets = nullptr;
  // The same as in Network::Pack; null without dropout.
  const DropoutDraw* dropout = nullptr;
  // The number of the shard's first lane in the whole batch, on which its dropout masks depend.
  int64_t first_lane = 0;
  // If this is not null, it is asked at each step of each layer and within large products. If it
  // answers that they are interrupted, Forward, Loss and Backward return early with undefined
  // outputs.
  Interruption* interruption = nullptr;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_BATCH_H_
