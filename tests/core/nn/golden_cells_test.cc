// Every cell against PyTorch's numbers, forward and back: tests/golden/cells.json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/core/nn/network_runner.h"
#include "tests/golden/golden.h"

namespace runnel {
namespace {

using nlohmann::json;
using testing::DoubleNear;
using testing::Pointwise;

// PyTorch names the recurrent tensors without the module: "weight_ih_l0".
std::string GoldenName(const std::string& name) {
  return name.rfind("rnn.", 0) == 0 ? name.substr(4) : name;
}

std::string WithRecurrentBias(std::string name) { return name.replace(0, 7, "bias_hh"); }

template <typename Real>
class GoldenCells : public testing::Test {
 protected:
  // double: PyTorch adds in another order; numbers of about 1 and sums of about 20 terms keep that
  // below 1e-14, and 1e-10 is far below any error in a formula.
  // float: inputs rounded to float (6e-8) run through 6 steps and 2 layers of sums of 5 to 18
  // products of numbers up to 1; each step adds some 5 roundings and weights below 0.5 do not
  // amplify them, so 1e-6 is expected of values around 1 and 3e-6 leaves room.
  static double Tolerance() { return std::is_same_v<Real, double> ? 1e-10 : 3e-6; }

  static std::vector<Real> Parameters(const Network<Real>& network, const json& golden) {
    std::vector<Real> parameters(network.layout().size());
    for (const Tensor& tensor : network.layout().tensors()) {
      const std::string name = GoldenName(tensor.name);
      std::vector<double> values = Flatten<double>(golden.at(name));
      if (tensor.role == TensorRole::kBias) {
        const auto recurrent = Flatten<double>(golden.at(WithRecurrentBias(name)));
        for (size_t i = 0; i < values.size(); ++i) values[i] += recurrent[i];
      }
      const std::vector<Real> rounded(values.begin(), values.end());
      FromFileOrder(tensor, rounded.data(), parameters.data());
    }
    return parameters;
  }

  static void ExpectGradients(const Network<Real>& network, const NetworkRun<Real>& run,
                              const json& golden) {
    std::set<std::string> checked = {"h0"};
    for (const Tensor& tensor : network.layout().tensors()) {
      std::vector<Real> gradient(tensor.size());
      ToFileOrder(tensor, run.gradients.data(), gradient.data());
      const std::string name = GoldenName(tensor.name);
      EXPECT_THAT(gradient, Pointwise(DoubleNear(Tolerance()), Flatten<double>(golden.at(name))))
          << name;
      checked.insert(name);
      if (tensor.role == TensorRole::kBias) checked.insert(WithRecurrentBias(name));
    }
    EXPECT_EQ(checked.size(), golden.size());  // none is left out
    EXPECT_THAT(run.state_gradient,
                Pointwise(DoubleNear(Tolerance()), Flatten<double>(golden.at("h0"))));
  }
};

using Reals = testing::Types<double, float>;
TYPED_TEST_SUITE(GoldenCells, Reals);

TYPED_TEST(GoldenCells, LogitsStateLossAndGradients_ArePyTorchs) {
  const json file = ReadGolden("cells.json");
  int cases = 0;
  for (const json& golden : file["cases"]) {
    const std::string cell = golden["cell"];
    SCOPED_TRACE(cell + ", layers: " + golden["layers"].dump());
    const auto type = CellTypeFromName(cell);
    ASSERT_TRUE(type.has_value());
    const auto network = MakeNetwork<TypeParam>(
        {.cell = *type, .num_layers = golden["layers"], .hidden_size = golden["hidden"]},
        golden["vocabulary"]);
    const NetworkRun<TypeParam> run = RunNetwork(
        *network, this->Parameters(*network, golden["parameters"]),
        Flatten<TypeParam>(golden["parameters"]["h0"]), Flatten<int32_t>(golden["inputs"]),
        Flatten<int32_t>(golden["targets"]), golden["batch"].template get<int>());
    EXPECT_THAT(run.logits,
                Pointwise(DoubleNear(this->Tolerance()), Flatten<double>(golden["logits"])));
    EXPECT_THAT(run.state,
                Pointwise(DoubleNear(this->Tolerance()), Flatten<double>(golden["h_n"])));
    EXPECT_NEAR(run.loss, golden["loss"].template get<double>(), this->Tolerance());
    this->ExpectGradients(*network, run, golden["gradients"]);
    ++cases;
  }
  EXPECT_EQ(cases, 4);
}

}  // namespace
}  // namespace runnel
