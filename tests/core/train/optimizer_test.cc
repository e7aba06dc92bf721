#include "core/train/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/core/train/training_fixture.h"

namespace runnel {
namespace {

using testing::DoubleNear;
using testing::Pointwise;

// Trains 40 steps with `optimizer` and also with the loop `update`, and compares the weights.
// Gradients come from a twin network at the same weights.
template <typename Update>
void ExpectLoop(Optimizer optimizer, const Update& update) {
  const Corpus corpus = BrookCorpus(5);
  const TrainingOptions options = SmallTraining(optimizer);
  TrainingSetup<double> setup(corpus, kSmallNetwork, options);
  const Network<double>& network = *setup.network;
  LaneReader reader(corpus, {0, corpus.size()}, options.batch_size, options.sequence_length);

  std::vector<double> weights = setup.trainer.parameters();
  auto states = network.NewStates(options.batch_size);
  const auto packed = network.NewPackedWeights();
  const auto activations = network.NewActivations(options.sequence_length, options.batch_size);
  std::vector<int32_t> inputs(options.sequence_length * options.batch_size);
  std::vector<int32_t> targets = inputs;
  for (int step = 1; step <= 40; ++step) {  // passes the end of the lanes
    reader.CopyBatch(0, options.batch_size, inputs.data(), targets.data());
    network.Pack(weights.data(), nullptr, packed.get());
    network.Forward(*packed, {inputs.data(), options.sequence_length}, &states, activations.get());
    const double count = static_cast<double>(inputs.size());
    const double loss =
        network.Loss(targets.data(), options.sequence_length, 1 / count, activations.get()) / count;
    std::vector<double> gradient(weights.size());
    network.Backward(*packed, {inputs.data(), options.sequence_length}, activations.get(),
                     gradient.data(), nullptr);
    update(step, gradient, &weights);
    if (reader.Advance()) states.SetZero();

    ASSERT_NEAR(setup.trainer.Step(0.02).loss, loss, 1e-10) << "step " << step;
    ASSERT_THAT(setup.trainer.parameters(), Pointwise(DoubleNear(1e-10), weights))
        << "step " << step;
  }
}

TEST(Optimizer, Adagrad_FollowsThePlainLoop) {
  std::vector<double> memory(10000);
  ExpectLoop(Optimizer::kAdagrad,
             [&](int, const std::vector<double>& gradient, std::vector<double>* weights) {
               for (size_t i = 0; i < gradient.size(); ++i) {
                 memory[i] += gradient[i] * gradient[i];
                 (*weights)[i] -= 0.02 * gradient[i] / std::sqrt(memory[i] + 1e-8);
               }
             });
}

TEST(Optimizer, Adam_FollowsThePlainLoop) {
  std::vector<double> m(10000);
  std::vector<double> v(10000);
  ExpectLoop(Optimizer::kAdam,
             [&](int step, const std::vector<double>& gradient, std::vector<double>* weights) {
               for (size_t i = 0; i < gradient.size(); ++i) {
                 m[i] = 0.9 * m[i] + 0.1 * gradient[i];
                 v[i] = 0.999 * v[i] + 0.001 * gradient[i] * gradient[i];
                 const double mean = m[i] / (1 - std::pow(0.9, step));
                 const double square = v[i] / (1 - std::pow(0.999, step));
                 (*weights)[i] -= 0.02 * mean / (std::sqrt(square) + 1e-8);
               }
             });
}

TEST(Optimizer, Sgd_FollowsThePlainLoop) {
  std::vector<double> memory(10000);
  ExpectLoop(Optimizer::kSgd,
             [&](int, const std::vector<double>& gradient, std::vector<double>* weights) {
               for (size_t i = 0; i < gradient.size(); ++i) {
                 memory[i] = 0.9 * memory[i] + gradient[i];
                 (*weights)[i] -= 0.02 * memory[i];
               }
             });
}

TEST(Optimizer, Rmsprop_FollowsThePlainLoop) {
  std::vector<double> memory(10000);
  ExpectLoop(Optimizer::kRmsprop,
             [&](int, const std::vector<double>& gradient, std::vector<double>* weights) {
               for (size_t i = 0; i < gradient.size(); ++i) {
                 memory[i] = 0.99 * memory[i] + 0.01 * gradient[i] * gradient[i];
                 (*weights)[i] -= 0.02 * gradient[i] / (std::sqrt(memory[i]) + 1e-8);
               }
             });
}

TEST(Optimizer, WeightDecay_ShrinksWeightsAndNoBiasesBeforeTheStep) {
  const Corpus corpus = BrookCorpus(5);
  const NetworkConfig config = {
      .cell = CellType::kLstmPeephole, .hidden_size = 8, .embedding_size = 4};
  for (const Optimizer optimizer : kOptimizers) {
    TrainingOptions options = SmallTraining(optimizer);
    TrainingSetup<double> free(corpus, config, options);
    options.weight_decay = 0.5f;
    TrainingSetup<double> decayed(corpus, config, options);
    const std::vector<double> before = free.trainer.parameters();
    free.trainer.Step(0.1);
    decayed.trainer.Step(0.1);
    int shrunk = 0;
    for (const Tensor& tensor : free.network->layout().tensors()) {
      const bool weight = tensor.name.find("weight") != std::string::npos;
      shrunk += weight;
      for (int64_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
        ASSERT_NEAR(decayed.trainer.parameters()[i],
                    free.trainer.parameters()[i] - (weight ? 0.1 * 0.5 * before[i] : 0), 1e-14)
            << tensor.name;
      }
    }
    EXPECT_EQ(shrunk, 4);
  }
}

}  // namespace
}  // namespace runnel
