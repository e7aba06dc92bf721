#include "core/nn/lane_states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/nn/network.h"

namespace runnel {
namespace {

using testing::Each;
using testing::ElementsAre;

// Two layers with states h and c of two lanes and three units: 0, 1, ... 23.
LaneStates<float> Counting() {
  LaneStates<float> states(/*layers=*/2, /*states=*/2, /*lanes=*/2, /*hidden_size=*/3);
  std::iota(states.values().begin(), states.values().end(), 0.0f);
  return states;
}

TEST(LaneStates, OfLayer_PointsAtEachOfItsStates) {
  LaneStates<float> states = Counting();
  EXPECT_EQ(*states.Of(0)[0], 0);
  EXPECT_EQ(*states.Of(0)[1], 6);
  EXPECT_EQ(*states.Of(1)[0], 12);
  EXPECT_EQ(*states.Of(1)[1], 18);
  LaneStates<float> only_h(1, 1, 2, 3);
  EXPECT_EQ(only_h.Of(0)[1], nullptr);
}

TEST(LaneStates, OfLane_HasTheLaneOfEveryState) {
  EXPECT_THAT(Counting().OfLane(1), ElementsAre(3, 4, 5, 9, 10, 11, 15, 16, 17, 21, 22, 23));
}

TEST(LaneStates, SetZero_ClearsOneLaneOrAll) {
  LaneStates<float> states = Counting();
  states.SetZero(1);
  EXPECT_THAT(states.OfLane(1), Each(0));
  EXPECT_THAT(states.OfLane(0), ElementsAre(0, 1, 2, 6, 7, 8, 12, 13, 14, 18, 19, 20));
  states.SetZero();
  EXPECT_THAT(states.values(), Each(0));
}

TEST(LaneStates, OfANetwork_CountsBothDirectionsOfALayer) {
  const auto network = MakeNetwork<float>(
      {.cell = CellType::kLstm, .num_layers = 3, .hidden_size = 5, .bidirectional = true}, 7);
  LaneStates<float> states = network->NewStates(/*lanes=*/4);
  EXPECT_EQ(states.values().size(), 3 * 2 * 2 * 4 * 5);
  EXPECT_EQ(network->state_size(), 3 * 2 * 2 * 5);
  EXPECT_THAT(states.values(), Each(0));
}

}  // namespace
}  // namespace runnel
