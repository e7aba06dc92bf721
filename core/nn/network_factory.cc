#include <memory>

#include "core/nn/cells/rnn.h"
#include "core/nn/network.h"
#include "core/nn/recurrent_network.h"

namespace runnel {

template <typename Real>
std::unique_ptr<Network<Real>> MakeNetwork(const NetworkConfig& config, int vocabulary_size) {
  switch (config.cell) {
    case CellType::kRnnTanh:
      return std::make_unique<RecurrentNetwork<RnnCell<Activation::kTanh>, Real>>(config,
                                                                                  vocabulary_size);
    case CellType::kRnnRelu:
      return std::make_unique<RecurrentNetwork<RnnCell<Activation::kRelu>, Real>>(config,
                                                                                  vocabulary_size);
  }
  return nullptr;
}

template std::unique_ptr<Network<float>> MakeNetwork(const NetworkConfig&, int);
template std::unique_ptr<Network<double>> MakeNetwork(const NetworkConfig&, int);

}  // namespace runnel
