// Copies a model's weights to a network with a larger vocabulary, so that training can continue
// from them.
#ifndef RUNNEL_CORE_TRAIN_FINE_TUNING_H_
#define RUNNEL_CORE_TRAIN_FINE_TUNING_H_

#include "core/nn/network.h"
#include "core/text/vocabulary.h"

namespace runnel {

// A network's weights, and the vocabulary that gives its ids their meaning.
template <typename Real>
struct WeightsView {
  const ParameterLayout& layout;
  const Vocabulary& vocabulary;
  Real* parameters;  // [layout.size()]
};

// Copies every weight of `from` to `to`. The two networks differ only in their vocabularies; that
// of `to` contains all symbols of `from`, under ids of its own. New symbols keep the weights that
// `to` has for them, except that their output bias becomes the smallest of the old ones, so that
// they start as unlikely as the least likely old symbol.
template <typename Real>
void CarryOver(const WeightsView<const Real>& from, const WeightsView<Real>& to);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_FINE_TUNING_H_
