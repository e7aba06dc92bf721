// Every cell against PyTorch's numbers, forward and back: tests/golden/cells.json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/core/math/targets.h"
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

// The bias vector that PyTorch keeps in addition to `name`, "bias_ih_l0_reverse".
std::string RecurrentBias(std::string name) { return name.replace(0, 7, "bias_hh"); }

// What the reference calls the cell.
std::string GoldenCell(CellType cell) {
  return cell == CellType::kGruResetBefore ? "gru" : std::string(CellTypeName(cell));
}

template <typename Real>
class GoldenCells : public testing::Test {
 protected:
  // double: PyTorch adds in another order; numbers of about 1 and sums of about 20 terms keep that
  // below 1e-14, and 1e-10 is far below any error in a formula.
  // float: inputs rounded to float (6e-8) run through 6 steps and 2 layers of sums of 5 to 18
  // products of numbers up to 1; each step adds some 5 roundings and weights below 0.5 do not
  // amplify them, so 1e-6 is expected of values around 1 and 3e-6 leaves room.
  static double Tolerance() { return std::is_same_v<Real, double> ? 1e-10 : 3e-6; }

  // A tensor of the reference as ours holds it. One bias vector is the sum of PyTorch's two, but
  // for the rows that have a recurrent bias of their own.
  static std::vector<double> GoldenTensor(const ParameterLayout& layout, const Tensor& tensor,
                                          const json& golden, bool add_biases) {
    const std::string name = GoldenName(tensor.name);
    std::vector<double> values = Flatten<double>(golden.at(name));
    if (tensor.role == TensorRole::kRecurrentBias) {
      values.erase(values.begin(), values.end() - tensor.size());
    }
    if (tensor.role == TensorRole::kBias && add_biases) {
      const auto recurrent = Flatten<double>(golden.at(RecurrentBias(name)));
      const Tensor* own = layout.Find("rnn." + RecurrentBias(name));
      const size_t added = values.size() - (own == nullptr ? 0 : own->size());
      for (size_t i = 0; i < added; ++i) values[i] += recurrent[i];
    }
    return values;
  }

  static std::vector<Real> Parameters(const ParameterLayout& layout, const json& golden) {
    std::vector<Real> parameters(layout.size());
    for (const Tensor& tensor : layout.tensors()) {
      const auto values = GoldenTensor(layout, tensor, golden, /*add_biases=*/true);
      const std::vector<Real> rounded(values.begin(), values.end());
      FromFileOrder(tensor, rounded.data(), parameters.data());
    }
    return parameters;
  }

  // [layers x directions][states][B x H] from the reference's arrays of h and, if any, c.
  template <typename Number>
  static std::vector<Number> States(const json& h, const json& c) {
    std::vector<Number> states;
    for (size_t i = 0; i < h.size(); ++i) {
      for (const json* kind : {&h, &c}) {
        if (kind->is_null()) continue;
        const auto part = Flatten<Number>((*kind)[i]);
        states.insert(states.end(), part.begin(), part.end());
      }
    }
    return states;
  }
  static json Optional(const json& object, const char* name) {
    return object.contains(name) ? object[name] : json();
  }

  static void ExpectGradients(const ParameterLayout& layout, const NetworkRun<Real>& run,
                              const json& golden) {
    std::set<std::string> checked = {"h0"};
    if (golden.contains("c0")) checked.insert("c0");
    for (const Tensor& tensor : layout.tensors()) {
      std::vector<Real> gradient(tensor.size());
      ToFileOrder(tensor, run.gradients.data(), gradient.data());
      const auto expected = GoldenTensor(layout, tensor, golden, /*add_biases=*/false);
      EXPECT_THAT(gradient, Pointwise(DoubleNear(Tolerance()), expected)) << tensor.name;
      const std::string name = GoldenName(tensor.name);
      checked.insert(name);
      if (tensor.role == TensorRole::kBias) checked.insert(RecurrentBias(name));
    }
    EXPECT_EQ(checked.size(), golden.size());  // none is left out
    EXPECT_THAT(
        run.state_gradient,
        Pointwise(DoubleNear(Tolerance()), States<double>(golden["h0"], Optional(golden, "c0"))));
  }

  static void ExpectAsGolden(const json& golden, CellType cell) {
    const auto network = MakeNetwork<Real>({.cell = cell,
                                            .num_layers = golden["layers"],
                                            .hidden_size = golden["hidden"],
                                            .bidirectional = golden["bidirectional"]},
                                           golden["vocabulary"]);
    const json& parameters = golden["parameters"];
    const NetworkRun<Real> run =
        RunNetwork(*network, Parameters(network->layout(), parameters),
                   States<Real>(parameters["h0"], Optional(parameters, "c0")),
                   Flatten<int32_t>(golden["inputs"]), Flatten<int32_t>(golden["targets"]),
                   golden["batch"].template get<int>());
    EXPECT_THAT(run.logits, Pointwise(DoubleNear(Tolerance()), Flatten<double>(golden["logits"])));
    EXPECT_THAT(run.state,
                Pointwise(DoubleNear(Tolerance()), States<double>(golden["h_n"], golden["c_n"])));
    EXPECT_NEAR(run.loss, golden["loss"].template get<double>(), Tolerance());
    ExpectGradients(network->layout(), run, golden["gradients"]);
  }
};

using Reals = testing::Types<double, float>;
TYPED_TEST_SUITE(GoldenCells, Reals);

TYPED_TEST(GoldenCells, LogitsStatesLossAndGradients_AreTheReferencesOnEveryTarget) {
  const json file = ReadGolden("cells.json");
  for (const int64_t target : MachineTargets()) {
    const ScopedTarget scoped(target);
    int cases = 0;
    for (const CellType cell : kCellTypes) {
      for (const json& golden : file["cases"]) {
        if (golden["cell"] != GoldenCell(cell)) continue;
        SCOPED_TRACE(GoldenCell(cell) + ", layers: " + golden["layers"].dump() +
                     ", bidirectional: " + golden["bidirectional"].dump() + ", " +
                     hwy::TargetName(target));
        this->ExpectAsGolden(golden, cell);
        ++cases;
      }
    }
    EXPECT_EQ(cases, 21);
  }
}

}  // namespace
}  // namespace runnel
