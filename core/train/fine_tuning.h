// Carries a model's weights over to a larger vocabulary, so that training goes on from them.
#ifndef RUNNEL_CORE_TRAIN_FINE_TUNING_H_
#define RUNNEL_CORE_TRAIN_FINE_TUNING_H_

#include "core/nn/network.h"
#include "core/text/vocabulary.h"

namespace runnel {

// A network's weights and what its ids mean.
template <typename Real>
struct WeightsView {
  const ParameterLayout& layout;
  const Vocabulary& vocabulary;
  Real* parameters;  // [layout.size()]
};

// Copies every weight of `from` to `to`, whose network is the same but for the vocabulary: that
// holds all symbols of `from`'s, under ids of its own. New symbols keep the weights that `to` has
// for them, but are made as unlikely as the least likely old one: their output bias is the smallest
// of the old ones.
template <typename Real>
void CarryOver(const WeightsView<const Real>& from, const WeightsView<Real>& to);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_FINE_TUNING_H_
