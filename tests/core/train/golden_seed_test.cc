// The classic 100-line script, iteration by iteration: tests/golden/make_seed_trajectory.py holds
// its rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <memory>

#include "core/generate/sampler.h"
#include "core/train/recipe.h"
#include "core/train/trainer.h"
#include "tests/golden/golden.h"

namespace runnel {
namespace {

using nlohmann::json;

template <typename Real>
class SeedTrajectory : public testing::Test {
 protected:
  SeedTrajectory() {
    options_.sequence_length = golden_["steps"];
    const int hidden = golden_["hidden"];
    corpus_ =
        std::make_unique<Corpus>(*Corpus::Load(StringSource(text_), VocabularyKind::kCodePoints));
    network_ = MakeNetwork<Real>({.cell = CellType::kRnnTanh, .hidden_size = hidden},
                                 corpus_->vocabulary().size());
    trainer_ = std::make_unique<Trainer<Real>>(*network_, *corpus_, options_, &pool_);
    SetInitialWeights();
  }

  // double: only the order of additions differs from the script's, so 1e-9 is met with room.
  // float: rounding (6e-8 a step) is fed back through 300 updates of a 0.1 learning rate, whose
  // largest steps, at the start where Adagrad's memory is empty, depend on gradients near zero.
  // 2e-3 of a summed loss of about 25 is below one part in ten thousand; measured: see the test's
  // output.
  double Tolerance() const { return std::is_same_v<Real, double> ? 1e-9 : 2e-3; }

  std::vector<Real> Values(const char* tensor) const {
    const Tensor& spec = *network_->layout().Find(tensor);
    std::vector<Real> values(spec.size());
    ToFileOrder(spec, trainer_->parameters().data(), values.data());
    return values;
  }

  void SetInitialWeights() {
    for (const auto& [tensor, name] : kNames) {
      std::vector<Real> values = Flatten<Real>(golden_["initial"][name]);
      FromFileOrder(*network_->layout().Find(tensor), values.data(),
                    trainer_->mutable_parameters()->data());
    }
  }

  void TrainAll() {
    for (size_t i = 0; i < golden_["losses"].size(); ++i) trainer_->Step(options_.learning_rate);
  }

  static constexpr std::pair<const char*, const char*> kNames[] = {{"rnn.weight_ih_l0", "Wxh"},
                                                                   {"rnn.weight_hh_l0", "Whh"},
                                                                   {"output.weight", "Why"},
                                                                   {"rnn.bias_ih_l0", "bh"},
                                                                   {"output.bias", "by"}};

  const json golden_ = ReadGolden("seed_trajectory.json");
  const std::string text_ = golden_["text"];
  TrainingOptions options_ = DefaultTraining(Recipe::kSeed);
  WorkerPool pool_{1};
  std::unique_ptr<Corpus> corpus_;
  std::unique_ptr<Network<Real>> network_;
  std::unique_ptr<Trainer<Real>> trainer_;
};

using Reals = testing::Types<double, float>;
TYPED_TEST_SUITE(SeedTrajectory, Reals);

TYPED_TEST(SeedTrajectory, Vocabulary_IsInCodePointOrder) {
  std::vector<std::string> characters;
  for (int id = 0; id < this->corpus_->vocabulary().size(); ++id) {
    this->corpus_->vocabulary().AppendText(id, &characters.emplace_back());
  }
  EXPECT_EQ(characters, this->golden_["vocabulary"].template get<std::vector<std::string>>());
}

TYPED_TEST(SeedTrajectory, Losses_FollowTheScript) {
  const int steps = this->options_.sequence_length;
  double smooth_loss = steps * std::log(this->corpus_->vocabulary().size());
  double worst = 0;
  for (size_t i = 0; i < this->golden_["losses"].size(); ++i) {
    const double loss =
        this->trainer_->Step(static_cast<TypeParam>(this->options_.learning_rate)).loss * steps;
    smooth_loss = 0.999 * smooth_loss + 0.001 * loss;
    ASSERT_NEAR(loss, this->golden_["losses"][i], this->Tolerance()) << "iteration " << i;
    ASSERT_NEAR(smooth_loss, this->golden_["smooth_losses"][i], this->Tolerance());
    worst = std::max(worst, std::abs(loss - this->golden_["losses"][i].template get<double>()));
  }
  std::cout << "largest difference of a summed loss: " << worst << " nats\n";
}

TYPED_TEST(SeedTrajectory, FinalWeightsAndState_AreTheScripts) {
  this->TrainAll();
  for (const auto& [tensor, name] : this->kNames) {
    EXPECT_THAT(this->Values(tensor),
                testing::Pointwise(testing::DoubleNear(this->Tolerance()),
                                   Flatten<double>(this->golden_["final"][name])))
        << name;
  }
  EXPECT_THAT(this->trainer_->FirstLaneState(),
              testing::Pointwise(testing::DoubleNear(this->Tolerance()),
                                 Flatten<double>(this->golden_["final_hidden"])));
}

// In double the text is the script's. In float, one of the script's numbers is within 8e-7 of the
// border between two characters, where rounding decides. Therefore a draw may be that of a number
// up to 1e-5 away, and the model then reads the script's character.
TYPED_TEST(SeedTrajectory, SampledText_IsTheScripts) {
  constexpr double kTolerance = std::is_same_v<TypeParam, double> ? 0 : 1e-5;
  this->TrainAll();
  const json& sample = this->golden_["sample"];
  const auto decoder = this->network_->NewDecoder(this->trainer_->parameters().data());
  std::vector<TypeParam> state = this->trainer_->FirstLaneState();
  std::vector<TypeParam> logits(decoder->vocabulary_size());
  TypeParam* state_data = state.data();
  Sampler sampler;
  int32_t id = sample["first_id"];
  std::string text;
  int near = 0;
  for (size_t i = 0; i < sample["uniforms"].size(); ++i) {
    decoder->Step({&id, 1}, {&state_data, 1}, logits.data());
    const double uniform = sample["uniforms"][i];
    id = sample["ids"][i];
    const auto draws_it = [&](double number) {
      return sampler.Next<TypeParam>(logits, {}, {}, number, {}, {}).id == id;
    };
    if (!draws_it(uniform)) {
      ++near;
      EXPECT_TRUE(draws_it(uniform - kTolerance) || draws_it(uniform + kTolerance))
          << "character " << i;
    }
    this->corpus_->vocabulary().AppendText(id, &text);
  }
  EXPECT_LE(near, kTolerance == 0 ? 0 : 1);
  EXPECT_EQ(text, sample["text"]);
}

}  // namespace
}  // namespace runnel
