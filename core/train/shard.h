// The number of lanes in a shard: enough to keep the matrix products efficient, and few enough that
// a batch occupies several cores. It does not depend on the number of threads, so that sums are
// taken in the same order on any number of them.
#ifndef RUNNEL_CORE_TRAIN_SHARD_H_
#define RUNNEL_CORE_TRAIN_SHARD_H_

namespace runnel {

inline constexpr int kShardLanes = 16;

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_SHARD_H_
