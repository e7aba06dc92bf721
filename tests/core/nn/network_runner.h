// Runs a network forward and back once, for tests that look at every number of it.
#ifndef RUNNEL_TESTS_CORE_NN_NETWORK_RUNNER_H_
#define RUNNEL_TESTS_CORE_NN_NETWORK_RUNNER_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "core/math/random.h"
#include "core/nn/network.h"

namespace runnel {

// Uniform on [-bound, bound), the same on every machine.
template <typename Real>
std::vector<Real> RandomReals(int64_t size, double bound, uint64_t stream) {
  std::vector<Real> values(size);
  for (int64_t i = 0; i < size; ++i) {
    values[i] = static_cast<Real>(bound * (2 * RandomUniform(/*seed=*/1, stream, i) - 1));
  }
  return values;
}

inline std::vector<int32_t> RandomIds(int64_t count, int vocabulary_size, uint64_t stream) {
  std::vector<int32_t> ids(count);
  for (int64_t i = 0; i < count; ++i) {
    ids[i] = static_cast<int32_t>(RandomUniform(/*seed=*/2, stream, i) * vocabulary_size);
  }
  return ids;
}

template <typename Real>
struct NetworkRun {
  std::vector<Real> logits;          // [T x B x V]
  std::vector<Real> state;           // after the last step
  double loss = 0;                   // nats a character
  std::vector<Real> gradients;       // of the mean loss
  std::vector<Real> state_gradient;  // with respect to the state before the first step
};

// The optional settings of a run. Empty, null and f32 mean that it has none of them.
struct RunExtras {
  std::vector<uint8_t> resets;  // [T x B]
  const DropoutDraw* dropout = nullptr;
  TrainingPrecision precision = TrainingPrecision::kF32;
};

// Inputs and targets are [T x B].
template <typename Real>
NetworkRun<Real> RunNetwork(const Network<Real>& network, const std::vector<Real>& parameters,
                            const std::vector<Real>& state, const std::vector<int32_t>& inputs,
                            const std::vector<int32_t>& targets, int lanes,
                            const RunExtras& extras = {}) {
  const int steps = static_cast<int>(inputs.size()) / lanes;
  const Batch batch = {.inputs = inputs.data(),
                       .steps = steps,
                       .resets = extras.resets.empty() ? nullptr : extras.resets.data(),
                       .dropout = extras.dropout};
  const auto packed = network.NewPackedWeights(extras.precision);
  network.Pack(parameters.data(), extras.dropout, packed.get());
  const auto activations = network.NewActivations(steps, lanes);
  NetworkRun<Real> run;
  LaneStates<Real> states = network.NewStates(lanes);
  std::copy(state.begin(), state.end(), states.values().begin());
  network.Forward(*packed, batch, &states, activations.get());
  run.state.assign(states.values().begin(), states.values().end());
  const int64_t logits = static_cast<int64_t>(inputs.size()) * network.vocabulary_size();
  run.logits.assign(activations->logits(), activations->logits() + logits);
  const double count = static_cast<double>(inputs.size());
  run.loss =
      network.Loss(targets.data(), steps, static_cast<Real>(1 / count), activations.get()) / count;
  run.gradients.assign(network.layout().size(), std::numeric_limits<Real>::quiet_NaN());
  LaneStates<Real> state_gradients = network.NewStates(lanes);
  network.Backward(*packed, batch, activations.get(), run.gradients.data(), &state_gradients);
  run.state_gradient.assign(state_gradients.values().begin(), state_gradients.values().end());
  return run;
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_NN_NETWORK_RUNNER_H_
