// Trains one network on one corpus, batch by batch.
//
// A one-directional network carries its lanes' states over from batch to batch and predicts every
// next character. A bidirectional one reads each lane's T characters as a separate window, from
// zero states at both ends, and predicts the characters that are hidden. (seed, step, lane) decides
// which ones are.
//
// Lanes are split into shards, whose number depends only on the batch size. Each shard runs forward
// and backward with its own gradients, which are then added in shard order. So the weights after n
// steps have the same bits for any number of threads.
//
// The trainer is not thread-safe: one thread calls it. It spreads its work over a pool.
#ifndef RUNNEL_CORE_TRAIN_TRAINER_H_
#define RUNNEL_CORE_TRAIN_TRAINER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/interruption.h"
#include "core/base/mutex.h"
#include "core/base/worker_pool.h"
#include "core/nn/network.h"
#include "core/text/corpus.h"
#include "core/text/lanes.h"
#include "core/train/optimizer.h"
#include "core/train/state_stream.h"
#include "core/train/training_options.h"

namespace runnel {

struct StepResult {
  // The mean over the batch before the step, in nats per predicted character.
  double loss = 0;
  // The norm of the gradient of the loss as `loss_reduction` scales it, after clipping by
  // `clip_value` and before clipping by `clip_norm`.
  double gradient_norm = 0;
};

template <typename Real>
class Trainer {
 public:
  // The options must be valid, and `CheckCorpusSize` must accept the corpus. `network`, `corpus`
  // and `pool` must outlive the trainer. `options.initialization` decides how the weights start. A
  // trainer whose construction was interrupted lacks some of them and must not be used.
  Trainer(const Network<Real>& network, const Corpus& corpus, const TrainingOptions& options,
          WorkerPool* pool, Interruption* interruption = nullptr);
  ~Trainer();

  // Trains on the current batch and moves to the next. A step whose loss or gradient is not finite
  // leaves the weights as they were.
  StepResult Step(Real learning_rate) { return *Step(learning_rate, /*interruption=*/nullptr); }
  // Returns nothing if it is interrupted before the weights are updated. The trainer then has the
  // same bits as before the step. All threads of the pool ask `interruption`, at least once every
  // 2^30 multiply-adds or so.
  std::optional<StepResult> Step(Real learning_rate, Interruption* interruption);

  // The mean cross-entropy of `outcome` on the validation part, in nats per character; see
  // `Evaluate`. Requires has_validation().
  double ValidationLoss() { return *ValidationLoss(/*interruption=*/nullptr); }
  // Returns nothing if interrupted.
  std::optional<double> ValidationLoss(Interruption* interruption);

  const Network<Real>& network() const { return network_; }
  const std::vector<Real>& parameters() const { return parameters_; }
  // The result of the training: the moving average of the weights, or the weights if none is kept.
  const std::vector<Real>& outcome() const {
    return averages() && averaged_steps_ > 0 ? average_ : parameters_;
  }
  std::vector<Real>* mutable_parameters() { return &parameters_; }
  int64_t batches_per_epoch() const { return reader_.batches_per_epoch(); }
  bool has_validation() const;

  // The first lane's state before the next batch, [layers][states][H], and the first character that
  // it reads in that batch.
  std::vector<Real> FirstLaneState() const;
  int32_t FirstInput() const { return reader_.FirstInput(); }

  // Carries everything that the next steps depend on: a new trainer of the same network, corpus and
  // options, into which the state of this one is carried, continues with the same bits. To be
  // called between two steps.
  void Transfer(StateStream* stream);

 private:
  struct Shard;

  // Computes the shard's gradients, loss and next states. If interrupted, these are undefined.
  void RunShard(Shard* shard, Interruption* interruption) RUNNEL_EXCLUDES(spare_mutex_);
  void RunShard(Shard* shard, typename Network<Real>::Activations* activations,
                Interruption* interruption) const;
  // The number of a lane's characters that a step predicts.
  int TargetsPerLane() const;
  // Hides characters of the shard's lanes.
  void Mask(Shard* shard) const;
  bool averages() const { return options_.averaging > 0; }
  // The dropout masks of the current batch, or null without dropout.
  const DropoutDraw* Masks() const { return dropout_.rates.any() ? &dropout_ : nullptr; }
  // Updates the weights by the first shard's gradients times `scale`.
  void Update(Real learning_rate, Real scale);
  // Moves the places where the lanes of the next epoch begin, if the options ask for it.
  void ShiftLanes();
  // Carries the lanes' states over to the next batch, or zeroes them.
  void AdvanceToNextBatch();
  // Adds the shards' gradients to the first's and clips the result by value. Returns the sum of its
  // squares, which is undefined if interrupted.
  double ReduceGradients(Interruption* interruption);

  const Network<Real>& network_;
  const Corpus& corpus_;
  const TrainingOptions options_;
  WorkerPool& pool_;
  const TrainingKernels<Real>& kernels_ = GetTrainingKernels<Real>();
  const CorpusSplit split_;
  LaneReader reader_;
  std::vector<Real> parameters_;
  std::vector<Real> average_;  // empty if none is kept
  int64_t averaged_steps_ = 0;
  int64_t epochs_begun_ = 0;
  DropoutDraw dropout_;
  OptimizerState<Real> optimizer_;
  std::unique_ptr<typename Network<Real>::PackedWeights> packed_;
  std::vector<Shard> shards_;
  Mutex spare_mutex_;
  // One for each shard that runs at the same time; a shard takes one while it runs. The one that
  // has waited longest is taken first, so that all of them grow to their size in the first step.
  std::vector<std::unique_ptr<typename Network<Real>::Activations>> spare_
      RUNNEL_GUARDED_BY(spare_mutex_);
  std::vector<double> chunk_squares_;
  int64_t steps_done_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_TRAINER_H_
