#include "core/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/thread.h"
#include "core/math/random.h"
#include "core/nn/initialization.h"
#include "core/train/evaluation.h"
#include "core/train/masking.h"
#include "core/train/shard.h"

namespace runnel {
namespace {

// The number of parameters that one task of the reduction and of the update covers.
constexpr int64_t kChunk = 1 << 15;

int64_t Chunks(int64_t parameters) { return (parameters + kChunk - 1) / kChunk; }

}  // namespace

template <typename Real>
struct Trainer<Real>::Shard {
  int lane_begin;
  int lane_end;
  std::vector<int32_t> inputs;   // [T x lanes]
  std::vector<int32_t> targets;  // [T x lanes]
  std::vector<uint8_t> resets;   // [T x lanes]
  LaneStates<Real> states;       // before the current batch
  LaneStates<Real> next_states;  // after the current batch; undefined between steps
  AlignedVector<Real> gradients;
  double loss_sum = 0;  // nats

  int lanes() const { return lane_end - lane_begin; }
};

template <typename Real>
Trainer<Real>::Trainer(const Network<Real>& network, const Corpus& corpus,
                       const TrainingOptions& options, WorkerPool* pool, Interruption* interruption)
    : network_(network),
      corpus_(corpus),
      options_(options),
      pool_(*pool),
      split_(corpus.Split(options.validation_fraction)),
      reader_(corpus, split_.training, options.batch_size, options.sequence_length),
      parameters_(network.layout().size()),
      average_(options.averaging > 0 ? network.layout().size() : 0),
      dropout_{.rates = options.dropout, .seed = options.seed},
      optimizer_(options, network.layout()),
      packed_(network.NewPackedWeights(options.precision)),
      chunk_squares_(Chunks(network.layout().size())) {
  PrepareThreadForMath();
  InitializeParameters(network, options.initialization, options.seed, parameters_.data(),
                       interruption);
  const int lanes = options.batch_size;
  const int shards = (lanes + kShardLanes - 1) / kShardLanes;
  for (int i = 0; i < shards && !IsInterrupted(interruption); ++i) {
    Shard shard{.lane_begin = lanes * i / shards, .lane_end = lanes * (i + 1) / shards};
    const int64_t ids = int64_t{options.sequence_length} * shard.lanes();
    shard.inputs.resize(ids);
    shard.targets.resize(ids);
    shard.resets.resize(ids);
    shard.states = network.NewStates(shard.lanes());
    shard.next_states = shard.states;
    shard.gradients.resize(network.layout().size());
    shards_.push_back(std::move(shard));
  }
  for (int i = 0; i < std::min(shards, pool->threads()) && !IsInterrupted(interruption); ++i) {
    spare_.push_back(
        network.NewActivations(options.sequence_length, (lanes + shards - 1) / shards));
  }
  ShiftLanes();
}

template <typename Real>
Trainer<Real>::~Trainer() = default;

template <typename Real>
std::optional<StepResult> Trainer<Real>::Step(Real learning_rate, Interruption* interruption) {
  network_.Pack(parameters_.data(), Masks(), packed_.get());
  pool_.Run(static_cast<int>(shards_.size()), [&](int i) { RunShard(&shards_[i], interruption); });

  double loss_sum = 0;
  for (const Shard& shard : shards_) loss_sum += shard.loss_sum;
  const double norm = std::sqrt(ReduceGradients(interruption));
  // From here on the trainer changes, so a step can no longer be interrupted.
  if (IsInterrupted(interruption)) return std::nullopt;

  if (std::isfinite(loss_sum) && std::isfinite(norm)) {
    const bool too_long = options_.clip_norm > 0 && norm > options_.clip_norm;
    Update(learning_rate, too_long ? static_cast<Real>(options_.clip_norm / norm) : Real{1});
  }

  AdvanceToNextBatch();
  const double targets = static_cast<double>(options_.batch_size) * TargetsPerLane();
  return StepResult{.loss = loss_sum / targets, .gradient_norm = norm};
}

template <typename Real>
int Trainer<Real>::TargetsPerLane() const {
  if (!network_.bidirectional()) return options_.sequence_length;
  return MaskedSymbols(options_.sequence_length, *options_.mask_fraction);
}

template <typename Real>
void Trainer<Real>::Mask(Shard* shard) const {
  for (int lane = 0; lane < shard->lanes(); ++lane) {
    const int64_t window = steps_done_ * options_.batch_size + shard->lane_begin + lane;
    MaskWindow(options_.seed, window, options_.sequence_length, TargetsPerLane(),
               corpus_.vocabulary().EndOfDocumentId(), shard->lanes(), shard->inputs.data() + lane,
               shard->targets.data() + lane);
  }
}

template <typename Real>
void Trainer<Real>::Update(Real learning_rate, Real scale) {
  optimizer_.BeginStep(learning_rate);
  // At first the average is of about the last tenth of all steps, however slow its decay is.
  // Otherwise the first weights, which are bad, would keep their share in it for long.
  if (averages()) ++averaged_steps_;
  const Real rate = static_cast<Real>(
      std::max(1.0 - options_.averaging, 10.0 / (9.0 + static_cast<double>(averaged_steps_))));
  const int64_t size = network_.layout().size();
  pool_.Run(static_cast<int>(Chunks(size)), [&](int i) {
    const int64_t begin = i * kChunk;
    const int64_t end = std::min(size, begin + kChunk);
    optimizer_.Update(begin, end, scale, shards_[0].gradients.data(), parameters_.data());
    if (averages()) {
      kernels_.move_towards(end - begin, rate, parameters_.data() + begin, average_.data() + begin);
    }
  });
}

template <typename Real>
void Trainer<Real>::ShiftLanes() {
  if (!options_.shift_lanes) return;
  const double uniform = RandomUniform(options_.seed, kLaneShiftStream, epochs_begun_++);
  reader_.ShiftBy(static_cast<int64_t>(uniform * static_cast<double>(reader_.positions())));
}

template <typename Real>
void Trainer<Real>::RunShard(Shard* shard, Interruption* interruption) {
  std::unique_ptr<typename Network<Real>::Activations> activations;
  {
    const MutexLock lock(&spare_mutex_);
    activations = std::move(spare_.front());
    spare_.erase(spare_.begin());
  }
  RunShard(shard, activations.get(), interruption);
  const MutexLock lock(&spare_mutex_);
  spare_.push_back(std::move(activations));
}

template <typename Real>
void Trainer<Real>::RunShard(Shard* shard, typename Network<Real>::Activations* activations,
                             Interruption* interruption) const {
  if (IsInterrupted(interruption)) return;
  const int steps = options_.sequence_length;
  const double summed = options_.loss_reduction == LossReduction::kMean ? TargetsPerLane() : 1;
  const Real scale = static_cast<Real>(1 / (summed * options_.batch_size));
  const bool resets = reader_.CopyBatch(shard->lane_begin, shard->lane_end, shard->inputs.data(),
                                        shard->targets.data(), shard->resets.data());
  if (network_.bidirectional()) {
    Mask(shard);
    shard->next_states.SetZero();
  } else {
    shard->next_states = shard->states;
  }
  const Batch batch = {.inputs = shard->inputs.data(),
                       .steps = steps,
                       .resets = resets ? shard->resets.data() : nullptr,
                       .dropout = Masks(),
                       .first_lane = shard->lane_begin,
                       .interruption = interruption};
  activations->SetLanes(shard->lanes());
  network_.Forward(*packed_, batch, &shard->next_states, activations);
  if (IsInterrupted(interruption)) return;
  shard->loss_sum = network_.Loss(shard->targets.data(), steps, scale, activations);
  if (IsInterrupted(interruption)) return;
  network_.Backward(*packed_, batch, activations, shard->gradients.data(), nullptr);
}

template <typename Real>
void Trainer<Real>::AdvanceToNextBatch() {
  dropout_.batch = static_cast<uint64_t>(++steps_done_);
  const bool all = reader_.Advance();
  if (all) ShiftLanes();
  for (Shard& shard : shards_) {
    std::swap(shard.states, shard.next_states);
    for (int64_t lane = 0; lane < shard.lanes(); ++lane) {
      const int64_t draw = steps_done_ * options_.batch_size + shard.lane_begin + lane;
      if (all ||
          RandomUniform(options_.seed, kStateResetStream, draw) < options_.state_reset_share) {
        shard.states.SetZero(lane);
      }
    }
  }
}

template <typename Real>
double Trainer<Real>::ReduceGradients(Interruption* interruption) {
  const int64_t size = network_.layout().size();
  pool_.Run(static_cast<int>(Chunks(size)), [&](int i) {
    if (IsInterrupted(interruption)) return;
    const int64_t begin = i * kChunk;
    const int64_t count = std::min(size - begin, kChunk);
    Real* sum = shards_[0].gradients.data() + begin;
    for (size_t shard = 1; shard < shards_.size(); ++shard) {
      kernels_.add(count, sum, shards_[shard].gradients.data() + begin, sum);
    }
    if (options_.clip_value > 0) kernels_.clip(count, static_cast<Real>(options_.clip_value), sum);
    chunk_squares_[i] = kernels_.sum_of_squares(count, sum);
  });
  return std::accumulate(chunk_squares_.begin(), chunk_squares_.end(), 0.0);
}

template <typename Real>
bool Trainer<Real>::has_validation() const {
  return split_.validation.size() >= kEvaluationSymbolsMin;
}

template <typename Real>
std::optional<double> Trainer<Real>::ValidationLoss(Interruption* interruption) {
  // The weights are evaluated in f32 because they will be served in it.
  std::unique_ptr<typename Network<Real>::PackedWeights> f32;
  if (options_.precision != TrainingPrecision::kF32) f32 = network_.NewPackedWeights();
  auto* packed = f32 != nullptr ? f32.get() : packed_.get();
  network_.Pack(outcome().data(), /*dropout=*/nullptr, packed);
  return Evaluate(network_, *packed, corpus_, split_.validation, &pool_, interruption);
}

template <typename Real>
std::vector<Real> Trainer<Real>::FirstLaneState() const {
  return shards_.front().states.OfLane(0);
}

template <typename Real>
void Trainer<Real>::Transfer(StateStream* stream) {
  stream->Value(&steps_done_);
  stream->Value(&epochs_begun_);
  stream->Value(&averaged_steps_);
  stream->List(absl::MakeSpan(parameters_));
  stream->List(absl::MakeSpan(average_));
  optimizer_.Transfer(stream);
  for (Shard& shard : shards_) stream->List(shard.states.values());
  LaneReader::Place place = reader_.place();
  stream->Value(&place.offset);
  stream->Value(&place.shift);
  reader_.GoTo(place);
  dropout_.batch = static_cast<uint64_t>(steps_done_);
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace runnel
