#include "core/train/training_memory.h"

#include <algorithm>

#include "core/math/gemm_kernels.h"
#include "core/nn/cells/cell.h"
#include "core/train/evaluation.h"
#include "core/train/optimizers/optimizer.h"
#include "core/train/shard.h"

namespace runnel {
namespace {

constexpr double kFloat = sizeof(float);

class Estimate {
 public:
  Estimate(const NetworkConfig& network, const TrainingOptions& options, int vocabulary_size,
           int64_t parameters, int threads)
      : cell_(GetCell<float>(network.cell).shape),
        options_(options),
        layers_(network.num_layers),
        directions_(network.directions()),
        hidden_(network.hidden_size),
        embedding_(network.embedding_size),
        vocabulary_(vocabulary_size),
        copy_(kFloat * static_cast<double>(parameters)),
        shards_((options.batch_size + kShardLanes - 1) / kShardLanes),
        threads_(threads) {}

  TrainingMemory Parts() const {
    const bool evaluates = options_.validation_fraction > 0;
    const int shard_lanes = (options_.batch_size + shards_ - 1) / shards_;
    return {.weights = copy_,
            .average = options_.averaging > 0 ? copy_ : 0,
            .best_weights = copy_,
            .optimizer = copy_ * GetUpdateRule<float>(options_.optimizer).traits.memories,
            .packed_weights = PackedWeights(options_.precision),
            .recurrent_masks = options_.dropout.recurrent > 0 ? 2 * RecurrentWeights() : 0,
            .shards = Shards(),
            .activations = std::min(shards_, threads_) *
                           (Activations(options_.sequence_length, shard_lanes) + ProductScratch()),
            .evaluation = evaluates ? Evaluation() : 0,
            .preview = options_.sample_every_steps > 0
                           ? copy_ + PackedWeights(TrainingPrecision::kF32) / 2 + Lookup()
                           : 0};
  }

 private:
  double width() const { return directions_ * hidden_; }
  // A layer for each level and direction.
  double num_layers() const { return layers_ * directions_; }
  // The size of the input of the layers at `level`. It is 0 for characters, which need no matrix
  // product.
  double InputSize(int level) const { return level == 0 ? embedding_ : width(); }

  // The size of LayerDecoder::lookup_, the gates of each character. Without an embedding, most of
  // these rows are the input weights, which are counted elsewhere; only the remaining rows count
  // here.
  double Lookup() const {
    const int rows = embedding_ > 0 ? cell_.rows : cell_.rows - cell_.input_rows;
    return kFloat * vocabulary_ * rows * hidden_;
  }
  double RecurrentWeights() const {
    return kFloat * num_layers() * cell_.recurrent_rows() * hidden_ * hidden_;
  }

  // See RecurrentLayer::Packed and OutputLayer::Packed: each matrix is packed once for the forward
  // pass and once, transposed, for the backward pass.
  double PackedWeights(TrainingPrecision precision) const {
    double bytes = BothWays(width(), vocabulary_, precision, TrainingPrecision::kF32);
    for (int level = 0; level < layers_; ++level) {
      double layer = 0;
      if (InputSize(level) > 0) {
        layer += BothWays(InputSize(level), cell_.input_rows * hidden_, precision, precision);
      }
      for (int i = 0; i < cell_.num_products; ++i) {
        layer += BothWays(hidden_, cell_.products[i].count * hidden_, precision, precision);
      }
      bytes += directions_ * layer;
    }
    return bytes;
  }
  static double BothWays(double k, double n, TrainingPrecision forward,
                         TrainingPrecision backward) {
    return Packed(k, n, forward) + Packed(n, k, backward);
  }
  static double Packed(double k, double n, TrainingPrecision precision) {
    return static_cast<double>(
        GetGemmKernels(precision).packed_b_size(static_cast<int64_t>(k), static_cast<int64_t>(n)));
  }

  // See Trainer::Shard.
  double Shards() const {
    constexpr double kSymbol = 2 * sizeof(int32_t) + sizeof(uint8_t);  // input, target, reset
    const double symbols = static_cast<double>(options_.batch_size) * options_.sequence_length;
    const double states = kFloat * num_layers() * cell_.states * hidden_ * options_.batch_size;
    return shards_ * copy_ + symbols * kSymbol + 2 * states;
  }

  // See RecurrentLayer::Activations.
  double LayerActivations(double steps, double lanes) const {
    constexpr double kGatesPaddingMax = 31;  // up to an odd number of cache lines
    const double units = lanes * hidden_;
    const double gates = steps * lanes * (cell_.rows * hidden_ + kGatesPaddingMax);
    const double states = (steps + 1) * units;
    const double restarted = steps * units;
    const double state_gradient = units;
    const double operands = cell_.num_products > 1 ? (steps + 1) * units : 0;  // and their gradient
    return kFloat * (gates + cell_.states * (states + restarted + state_gradient) + operands);
  }

  // See RecurrentNetwork::Buffers.
  double Activations(double steps, double lanes) const {
    const double chars = steps * lanes;
    const Dropout& dropout = options_.dropout;
    const bool drops = dropout.between > 0 || dropout.output > 0;
    const double joined = drops || directions_ > 1 ? layers_ * chars * width() : 0;
    const double masks = layers_ * lanes * width();
    const double logits = chars * vocabulary_;
    const double output_gradient = chars * width();
    const double input_gradient = directions_ > 1 && layers_ > 1 ? chars * width() : 0;
    // See InputLayer::Activations: vectors and gradients of an embedding, or factors of characters.
    const double input = embedding_ > 0 ? (2 * chars + lanes) * embedding_ : chars;
    return num_layers() * LayerActivations(steps, lanes) +
           kFloat * (joined + masks + logits + output_gradient + input_gradient + input);
  }

  // See GemmScratch: a block of the left matrix, and a part of the right one of the widest product
  // that computes gradients of weights.
  double ProductScratch() const {
    const double widest = std::max(width(), static_cast<double>(embedding_));
    double right = 0;
    for (const TrainingPrecision precision : {TrainingPrecision::kF32, options_.precision}) {
      const auto kc = static_cast<double>(GetGemmKernels(precision).kc);
      right = std::max(right, Packed(kc, widest, precision));
    }
    return LeftScratch() + right;
  }
  double LeftScratch() const {
    return static_cast<double>(std::max(GetGemmKernels(TrainingPrecision::kF32).packed_a_size,
                                        GetGemmKernels(options_.precision).packed_a_size));
  }

  // See Evaluate, whose shards are those of 32 lanes.
  double Evaluation() const {
    constexpr int kShards = static_cast<int>(kEvaluationLanesMax) / kShardLanes;
    const double packed =
        options_.precision == TrainingPrecision::kF32 ? 0 : PackedWeights(TrainingPrecision::kF32);
    return packed + std::min(kShards, threads_) *
                        (Activations(kEvaluationSteps, kShardLanes) + LeftScratch());
  }

  const CellShape& cell_;
  const TrainingOptions& options_;
  const int layers_;
  const int directions_;
  const double hidden_;
  const int embedding_;
  const double vocabulary_;
  const double copy_;  // bytes of a number for each parameter
  const int shards_;
  const int threads_;
};

}  // namespace

TrainingMemory EstimateTrainingMemory(const NetworkConfig& network, const TrainingOptions& options,
                                      int vocabulary_size, int64_t parameters, int threads) {
  return Estimate(network, options, vocabulary_size, parameters, threads).Parts();
}

}  // namespace runnel
