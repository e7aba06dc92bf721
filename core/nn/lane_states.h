// The recurrent states of the lanes that one shard reads.
#ifndef RUNNEL_CORE_NN_LANE_STATES_H_
#define RUNNEL_CORE_NN_LANE_STATES_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/math/aligned_vector.h"
#include "core/nn/cells/cell.h"

namespace runnel {

// Each of one layer's states, [B x H]: h and, if the cell has it, c.
template <typename Real>
using LayerStates = std::array<Real*, kCellStatesMax>;

// The states of all layers, or their gradients: [layers][D][states][B][H]. They start as zeros, the
// states before a text. Network::NewStates makes them.
template <typename Real>
class LaneStates {
 public:
  LaneStates() = default;
  // `layers` counts the directions of a layer as layers of their own; `states` is the cell's number
  // of states.
  LaneStates(int64_t layers, int64_t states, int64_t lanes, int64_t hidden_size)
      : layers_(layers),
        states_(states),
        lanes_(lanes),
        hidden_(hidden_size),
        values_(layers * states * lanes * hidden_size) {}

  absl::Span<Real> values() { return absl::MakeSpan(values_); }
  absl::Span<const Real> values() const { return values_; }

  // The states of layer `layer`.
  LayerStates<Real> Of(int64_t layer) {
    LayerStates<Real> states = {};
    for (int64_t s = 0; s < states_; ++s) {
      states[s] = values_.data() + (layer * states_ + s) * lanes_ * hidden_;
    }
    return states;
  }

  // One lane's states, [layers][D][states][H].
  std::vector<Real> OfLane(int64_t lane) const {
    std::vector<Real> states;
    for (int64_t vector = 0; vector < layers_ * states_; ++vector) {
      const Real* from = values_.data() + Offset(vector, lane);
      states.insert(states.end(), from, from + hidden_);
    }
    return states;
  }

  void SetZero() { std::fill(values_.begin(), values_.end(), Real{0}); }
  void SetZero(int64_t lane) {
    for (int64_t vector = 0; vector < layers_ * states_; ++vector) {
      std::fill_n(values_.data() + Offset(vector, lane), hidden_, Real{0});
    }
  }

 private:
  // The offset of `lane` in vector `vector` of [layers][D][states].
  int64_t Offset(int64_t vector, int64_t lane) const { return (vector * lanes_ + lane) * hidden_; }

  int64_t layers_ = 0;
  int64_t states_ = 0;
  int64_t lanes_ = 0;
  int64_t hidden_ = 0;
  AlignedVector<Real> values_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_LANE_STATES_H_
