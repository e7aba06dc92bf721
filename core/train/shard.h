// Lanes of one shard: enough to keep the products efficient, few enough to occupy several cores.
// Never chosen by the number of threads; so sums are taken in the same order on any number of them.
#ifndef RUNNEL_CORE_TRAIN_SHARD_H_
#define RUNNEL_CORE_TRAIN_SHARD_H_

namespace runnel {

inline constexpr int kShardLanes = 16;

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_SHARD_H_
