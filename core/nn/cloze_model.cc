#include "core/nn/cloze_model.h"

#include <algorithm>
#include <utility>

namespace runnel {
namespace {

// The most multiply-adds of one Read, which are about 10 ms of one core.
constexpr int64_t kWorkMax = 1 << 29;
constexpr int64_t kLanesMax = 32;

}  // namespace

ClozeModel::ClozeModel(std::unique_ptr<const Network<float>> network, std::vector<float> parameters)
    : network_(std::move(network)),
      parameters_(std::move(parameters)),
      packed_(network_->NewPackedWeights()) {
  network_->Pack(parameters_.data(), /*dropout=*/nullptr, packed_.get());
}

int ClozeModel::LanesAtOnce(int64_t steps) const {
  const int64_t lanes = kWorkMax / (std::max<int64_t>(steps, 1) * network_->layout().size());
  return static_cast<int>(std::clamp<int64_t>(lanes, 1, kLanesMax));
}

std::unique_ptr<Network<float>::Activations> ClozeModel::Read(const int32_t* inputs, int steps,
                                                              int lanes) const {
  auto activations = network_->NewActivations(steps, lanes);
  LaneStates<float> states = network_->NewStates(lanes);
  network_->Forward(*packed_, {.inputs = inputs, .steps = steps}, &states, activations.get());
  return activations;
}

}  // namespace runnel
