// How a network's parameters start.
#ifndef RUNNEL_CORE_NN_INITIALIZATION_H_
#define RUNNEL_CORE_NN_INITIALIZATION_H_

#include <cstdint>

#include "core/base/enum_table.h"
#include "core/base/interruption.h"
#include "core/nn/network.h"

namespace runnel {

enum class Initialization {
  kNormal001,         // weights N(0, 0.01), biases 0, as in the classic script
  kUniformFanHidden,  // all parameters uniform on +-1/sqrt(hidden), as in PyTorch
  // As kUniformFanHidden, but each gate's recurrent weights are a random orthogonal matrix (Saxe et
  // al., 2014), unless there are more than 1,024 units, and the biases of forget gates are 1
  // (Jozefowicz et al., 2015).
  kOrthogonal,
  // As kOrthogonal, but a layer's input counts for more than its memory. The weights of one-hot
  // characters are uniform on +-2.6 in a network of any size, because only one character is read at
  // a time. Embeddings are drawn so that they contribute as much. The weights of a layer's outputs,
  // which are small at first, are uniform on +-4/sqrt(hidden). Both numbers were found by
  // experiment; an LSTM then learns several times faster at first.
  kOrthogonalWide,
};

// The names are those in the records of training jobs.
inline constexpr EnumTable<Initialization, 4> kInitializations(
    {{Initialization::kNormal001, "normal_001"},
     {Initialization::kUniformFanHidden, "uniform_fan_hidden"},
     {Initialization::kOrthogonal, "orthogonal"},
     {Initialization::kOrthogonalWide, "orthogonal_wide"}});

// Fills `parameters` [layout().size()] for `seed`. Element i depends only on (seed, i); an element
// of an orthogonal matrix depends on the elements of that matrix. If interrupted, it returns early
// and leaves some parameters as they were. It asks `interruption` at least every half a second,
// which one orthogonal matrix may take.
template <typename Real>
void InitializeParameters(const Network<Real>& network, Initialization initialization,
                          uint64_t seed, Real* parameters, Interruption* interruption = nullptr);

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_INITIALIZATION_H_
