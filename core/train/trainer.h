// Trains one network on one corpus, batch by batch.
//
// A one-directional network carries its lanes' states on from batch to batch and predicts every
// next character. A bidirectional one reads each lane's T characters as a window of its own, from
// zero states at both ends, and predicts those that are hidden; which ones is a function of (seed,
// step, lane).
//
// Lanes are split into shards whose number depends on the batch size alone; each shard runs forward
// and backward with gradients of its own, which are then added in shard order. So the weights after
// n steps are the same to the bit for any number of threads.
//
// Not thread-safe: one thread drives it; inside it spreads the work over its pool.
#ifndef RUNNEL_CORE_TRAIN_TRAINER_H_
#define RUNNEL_CORE_TRAIN_TRAINER_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/base/interruption.h"
#include "core/base/worker_pool.h"
#include "core/nn/network.h"
#include "core/text/corpus.h"
#include "core/text/lanes.h"
#include "core/train/optimizer.h"
#include "core/train/training_options.h"

namespace runnel {

struct StepResult {
  double loss = 0;  // nats a predicted character, mean over the batch, before the step
  double gradient_norm =
      0;  // of the loss as `loss_reduction` scales it, after clip_value, before clip_norm
};

template <typename Real>
class Trainer {
 public:
  // Valid options and a corpus that `CheckCorpusSize` accepts; all must outlive the trainer.
  // Weights start as `options.initialization` draws them. A trainer whose construction was
  // interrupted lacks some of them and must not be used.
  Trainer(const Network<Real>& network, const Corpus& corpus, const TrainingOptions& options,
          WorkerPool* pool, Interruption* interruption = nullptr);
  ~Trainer();

  // Trains on the current batch and moves to the next. A step whose loss or gradient is not finite
  // leaves the weights as they were.
  StepResult Step(Real learning_rate) { return *Step(learning_rate, /*interruption=*/nullptr); }
  // Returns nothing if interrupted before the weights are updated; the trainer is then as it was
  // before the step, to the bit. `interruption` is asked by all threads of the pool, between slices
  // of about 2^30 multiply-adds at most.
  std::optional<StepResult> Step(Real learning_rate, Interruption* interruption);

  // The mean cross-entropy of `outcome` on the validation part, nats a character; see `Evaluate`.
  // It must not be empty.
  double ValidationLoss() { return *ValidationLoss(/*interruption=*/nullptr); }
  // Returns nothing if interrupted.
  std::optional<double> ValidationLoss(Interruption* interruption);

  const Network<Real>& network() const { return network_; }
  const std::vector<Real>& parameters() const { return parameters_; }
  // What the training is about: the moving average of the weights, or the weights if none is kept.
  const std::vector<Real>& outcome() const {
    return averages() && averaged_steps_ > 0 ? average_ : parameters_;
  }
  std::vector<Real>* mutable_parameters() { return &parameters_; }
  int64_t batches_per_epoch() const { return reader_.batches_per_epoch(); }
  bool has_validation() const;

  // Where the first lane stands: its state before the next batch, [layers][states][H], and that
  // batch's first character.
  std::vector<Real> FirstLaneState() const;
  int32_t FirstInput() const { return reader_.FirstInput(); }

 private:
  struct Shard;

  // Both leave anything in the shard's gradients, loss and next state if interrupted.
  void RunShard(Shard* shard, Interruption* interruption);
  void RunShard(Shard* shard, typename Network<Real>::Activations* activations,
                Interruption* interruption) const;
  // Characters of a lane that a step predicts.
  int TargetsPerLane() const;
  // Hides characters of the shard's lanes.
  void Mask(Shard* shard) const;
  bool averages() const { return options_.averaging > 0; }
  // The masks of the current batch; null: none.
  const DropoutDraw* Masks() const { return dropout_.rates.any() ? &dropout_ : nullptr; }
  // Takes the step that the first shard's gradients, times `scale`, ask for.
  void Update(Real learning_rate, Real scale);
  // Lets the lanes of the next epoch begin elsewhere.
  void ShiftLanes();
  // Carries the lanes' states over to the next batch, or zeroes them.
  void AdvanceToNextBatch();
  // Adds the shards' gradients into the first's, clips by value; returns the sum of squares of the
  // result, or anything if interrupted.
  double ReduceGradients(Interruption* interruption);

  const Network<Real>& network_;
  const Corpus& corpus_;
  const TrainingOptions options_;
  WorkerPool& pool_;
  const TrainingKernels<Real>& kernels_ = GetTrainingKernels<Real>();
  const CorpusSplit split_;
  LaneReader reader_;
  std::vector<Real> parameters_;
  std::vector<Real> average_;  // empty: none is kept
  int64_t averaged_steps_ = 0;
  int64_t epochs_begun_ = 0;
  DropoutDraw dropout_;
  OptimizerState<Real> optimizer_;
  std::unique_ptr<typename Network<Real>::PackedWeights> packed_;
  std::vector<Shard> shards_;
  // As many as shards run at once; each takes one for as long as it runs. The one that waited
  // longest goes first, so that the first step brings all of them to their size.
  std::vector<std::unique_ptr<typename Network<Real>::Activations>> spare_;
  std::mutex spare_mutex_;
  std::vector<double> chunk_squares_;
  int64_t steps_done_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_TRAINER_H_
