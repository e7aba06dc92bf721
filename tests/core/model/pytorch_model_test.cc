// State dicts under any names; whole modules of real PyTorch are in integration/pytorch_exchange.
#include "core/model/pytorch_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/model/file_tensors.h"
#include "core/nn/network.h"
#include "tests/core/model/safetensors_testing.h"

namespace runnel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

PyTorchModelSpec SpecOf(CellType cell, std::vector<char32_t> characters = {U'a', U'b', U'c'}) {
  return {.cell = cell, .characters = std::move(characters)};
}

// The values of one tensor as a version file of the model would have them.
std::vector<float> Stored(const ModelData& model, const std::string& name) {
  const auto network =
      MakeNetwork<float>(model.description.network, model.description.vocabulary.size());
  for (const FileTensor& tensor : FileTensors(network->layout())) {
    if (tensor.name != name) continue;
    std::vector<float> values(tensor.size());
    ToFile(tensor, model.parameters.data(), values.data());
    return values;
  }
  ADD_FAILURE() << "no tensor " << name;
  return {};
}

ModelData MustRead(const HandMadeFile& file, const PyTorchModelSpec& spec) {
  Violations violations;
  std::optional<PyTorchModel> model = ReadPyTorchModel(FileOf(file), spec, &violations);
  if (model) return std::move(model->data);
  ADD_FAILURE() << violations.list().front().field << ": " << violations.list().front().description;
  return {};
}

// "field: description" of the only violation.
std::string ErrorOf(const std::string& bytes, const PyTorchModelSpec& spec) {
  Violations violations;
  EXPECT_FALSE(ReadPyTorchModel(bytes, spec, &violations).has_value());
  if (violations.list().size() != 1) return "not one violation";
  return violations.list()[0].field + ": " + violations.list()[0].description;
}
std::string ErrorOf(const HandMadeFile& file, const PyTorchModelSpec& spec) {
  return ErrorOf(FileOf(file), spec);
}

TEST(PyTorchModel, Numbers_AreReadOffTheTensors) {
  const ModelData model = MustRead(StateDict(4, 2, 3), SpecOf(CellType::kLstm));
  const NetworkConfig& network = model.description.network;
  EXPECT_EQ(network.cell, CellType::kLstm);
  EXPECT_EQ(network.num_layers, 1);
  EXPECT_EQ(network.hidden_size, 2);
  EXPECT_EQ(network.embedding_size, 0);
  EXPECT_FALSE(network.bidirectional);
  EXPECT_EQ(model.description.vocabulary.size(), 3);
  EXPECT_EQ(model.description.training_job, "");
  EXPECT_EQ(model.description.parameter_count, static_cast<int64_t>(model.parameters.size()));
  EXPECT_EQ(Stored(model, "rnn.weight_hh_l0"), Counting({8, 2}).values);
  EXPECT_EQ(Stored(model, "output.weight"), Counting({3, 2}).values);
}

TEST(PyTorchModel, TwoBiases_AreAdded) {
  const ModelData model = MustRead(StateDict(1, 2, 3), SpecOf(CellType::kRnnTanh));
  EXPECT_THAT(Stored(model, "rnn.bias_ih_l0"), ElementsAre(101 / 8.f, 103 / 8.f));
  EXPECT_THAT(Stored(model, "rnn.bias_hh_l0"), ElementsAre(0, 0));
}

TEST(PyTorchModel, GruCandidatesRecurrentBias_IsKeptApart) {
  const ModelData model = MustRead(StateDict(3, 2, 3), SpecOf(CellType::kGruResetAfter));
  // Rows of the reset and update gates are added; the candidate's two vectors are kept apart.
  EXPECT_THAT(Stored(model, "rnn.bias_ih_l0"),
              ElementsAre(101 / 8.f, 103 / 8.f, 105 / 8.f, 107 / 8.f, 5 / 8.f, 6 / 8.f));
  EXPECT_THAT(Stored(model, "rnn.bias_hh_l0"), ElementsAre(0, 0, 0, 0, 104 / 8.f, 105 / 8.f));
}

TEST(PyTorchModel, AnyPrefixAndOutputName_AreFound) {
  const ModelData expected = MustRead(StateDict(1, 2, 3), SpecOf(CellType::kRnnTanh));
  const std::pair<const char*, const char*> kNames[] = {
      {"", "out."}, {"model.rnn.", "model.decoder."}, {"lstm.", "head.proj."}, {"x.", ""}};
  for (const auto& [prefix, output] : kNames) {
    HandMadeFile renamed;
    for (const auto& [name, tensor] : StateDict(1, 2, 3)) {
      const size_t dot = name.find('.') + 1;
      renamed[(name[0] == 'r' ? prefix : output) + name.substr(dot)] = tensor;
    }
    EXPECT_EQ(MustRead(renamed, SpecOf(CellType::kRnnTanh)).parameters, expected.parameters);
  }
}

TEST(PyTorchModel, EmbeddingAndOutput_AreToldApartByBiasShapeAndName) {
  HandMadeFile file = StateDict(1, 2, 3);
  file["rnn.weight_ih_l0"] = Counting({2, 5});
  file["a.weight"] = Counting({3, 5}, 50);
  const ModelData by_bias = MustRead(file, SpecOf(CellType::kRnnTanh));
  EXPECT_EQ(by_bias.description.network.embedding_size, 5);
  EXPECT_EQ(Stored(by_bias, "embedding.weight"), Counting({3, 5}, 50).values);
  file.erase("fc.bias");
  const ModelData by_shape = MustRead(file, SpecOf(CellType::kRnnTanh));
  EXPECT_EQ(Stored(by_shape, "embedding.weight"), Counting({3, 5}, 50).values);
  EXPECT_THAT(Stored(by_shape, "output.bias"), ElementsAre(0, 0, 0));

  // If both have the same shape, only their names can tell.
  file["rnn.weight_ih_l0"] = Counting({2, 2});
  file["a.weight"] = Counting({3, 2}, 50);
  EXPECT_EQ(Stored(MustRead(file, SpecOf(CellType::kRnnTanh)), "output.weight"),
            Counting({3, 2}).values);
  file["b.weight"] = file["fc.weight"];
  file.erase("fc.weight");
  EXPECT_EQ(ErrorOf(file, SpecOf(CellType::kRnnTanh)),
            "file: does not tell which is the output layer and which the embedding: a.weight "
            "[3,2], b.weight [3,2]");
}

// The layout that safetensors.torch.save_model writes: one of two tied tensors, and the metadata
// name the other one.
TEST(PyTorchModel, TiedWeights_AreReadUnderBothNames) {
  HandMadeFile both = StateDict(1, 2, 3);
  both["rnn.weight_ih_l0"] = Counting({2, 2});
  both["emb.weight"] = both["fc.weight"];
  for (const bool has_bias : {true, false}) {
    if (!has_bias) both.erase("fc.bias");
    const ModelData expected = MustRead(both, SpecOf(CellType::kRnnTanh));
    EXPECT_EQ(expected.description.network.embedding_size, 2);
    for (const auto& [kept, dropped] :
         {std::pair("fc.weight", "emb.weight"), std::pair("emb.weight", "fc.weight")}) {
      HandMadeFile tied = both;
      tied.erase(dropped);
      const std::string bytes = FileOf(tied, {{"format", "pt"}, {dropped, kept}});
      Violations violations;
      const auto read = ReadPyTorchModel(bytes, SpecOf(CellType::kRnnTanh), &violations);
      ASSERT_TRUE(read.has_value()) << violations.list()[0].description;
      EXPECT_EQ(read->data.parameters, expected.parameters);
    }
  }
  // Names that tell nothing: either matrix can be the output layer.
  HandMadeFile nameless = both;
  nameless["b.weight"] = both["fc.weight"];
  nameless.erase("fc.weight");
  nameless.erase("emb.weight");
  Violations violations;
  EXPECT_TRUE(ReadPyTorchModel(FileOf(nameless, {{"a.weight", "b.weight"}}),
                               SpecOf(CellType::kRnnTanh), &violations)
                  .has_value());
}

TEST(PyTorchModel, CountersOfModules_ArePassedOver) {
  HandMadeFile file = StateDict(1, 2, 3);
  file["norm.num_batches_tracked"] = Counting({});
  Violations violations;
  const auto read = ReadPyTorchModel(FileOf(file), SpecOf(CellType::kRnnTanh), &violations);
  ASSERT_TRUE(read.has_value()) << violations.list()[0].description;
  EXPECT_THAT(read->passed_over, ElementsAre("norm.num_batches_tracked"));
  EXPECT_EQ(read->data.parameters,
            MustRead(StateDict(1, 2, 3), SpecOf(CellType::kRnnTanh)).parameters);
}

TEST(PyTorchModel, MissingBiases_AreZeros) {
  HandMadeFile file = StateDict(1, 2, 3);
  file.erase("rnn.bias_ih_l0");
  EXPECT_EQ(ErrorOf(file, SpecOf(CellType::kRnnTanh)), "file: has no tensor rnn.bias_ih_l0");
  file.erase("rnn.bias_hh_l0");
  EXPECT_THAT(Stored(MustRead(file, SpecOf(CellType::kRnnTanh)), "rnn.bias_ih_l0"),
              ElementsAre(0, 0));
}

TEST(PyTorchModel, CharactersInAnotherOrder_ComeInCodePointOrder) {
  const ModelData model =
      MustRead(StateDict(1, 2, 3), SpecOf(CellType::kRnnTanh, {U'c', U'a', U'b'}));
  EXPECT_EQ(model.description.vocabulary, Vocabulary::FromCodePoints({U'a', U'b', U'c'}).value());
  EXPECT_THAT(Stored(model, "output.bias"), ElementsAre(2 / 8.f, 3 / 8.f, 1 / 8.f));
  EXPECT_THAT(Stored(model, "output.weight"),
              ElementsAre(3 / 8.f, 4 / 8.f, 5 / 8.f, 6 / 8.f, 1 / 8.f, 2 / 8.f));
  EXPECT_THAT(Stored(model, "rnn.weight_ih_l0"),
              ElementsAre(2 / 8.f, 3 / 8.f, 1 / 8.f, 5 / 8.f, 6 / 8.f, 4 / 8.f));
}

TEST(PyTorchModel, WhatTheCallerExpects_MustBeTrue) {
  const HandMadeFile file = StateDict(4, 2, 3);
  PyTorchModelSpec spec = SpecOf(CellType::kLstm);
  spec.num_layers = 2;
  EXPECT_EQ(ErrorOf(file, spec), "num_layers: is 2; the file's network has 1");
  spec = SpecOf(CellType::kLstm);
  spec.hidden_size = 3;
  EXPECT_EQ(ErrorOf(file, spec), "hidden_size: is 3; the file's network has 2");
  spec = SpecOf(CellType::kLstm);
  spec.embedding_size = 3;
  EXPECT_EQ(ErrorOf(file, spec), "embedding_size: is 3; the file's network has 0");
  spec = SpecOf(CellType::kLstm);
  spec.bidirectional = true;
  EXPECT_EQ(ErrorOf(file, spec),
            "bidirectional: is true; the file has no tensors ending in _reverse");
  EXPECT_EQ(ErrorOf(file, SpecOf(CellType::kGruResetAfter)),
            "cell_type: the file's rnn.weight_hh_l0 has shape [8,2]; must be "
            "[6,2] for gru_reset_after 1x2 over 3 symbols");
  EXPECT_THAT(ErrorOf(StateDict(3, 2, 3), SpecOf(CellType::kGruResetBefore)),
              HasSubstr("cell_type: is gru_reset_before, which torch.nn does not have"));
}

TEST(PyTorchModel, Vocabulary_MustFit) {
  const HandMadeFile file = StateDict(1, 2, 3);
  EXPECT_EQ(ErrorOf(file, SpecOf(CellType::kRnnTanh, {U'a', U'b'})),
            "vocabulary: has 2 symbols; the file's fc.weight has 3 rows");
  EXPECT_EQ(ErrorOf(file, SpecOf(CellType::kRnnTanh, {U'a', U'b', U'a'})),
            "vocabulary: has 'a' twice, as id 0 and 2");
  EXPECT_EQ(ErrorOf(file, SpecOf(CellType::kRnnTanh, {})),
            "vocabulary: a vocabulary needs a character");
  PyTorchModelSpec bytes{.cell = CellType::kRnnTanh, .vocabulary_kind = VocabularyKind::kBytes};
  EXPECT_EQ(ErrorOf(file, bytes), "vocabulary: has 256 symbols; the file's fc.weight has 3 rows");
  EXPECT_EQ(MustRead(StateDict(1, 2, 256), bytes).description.vocabulary, Vocabulary::Bytes());
}

TEST(PyTorchModel, TensorsWithoutAPlace_AreRefusedByName) {
  const auto with = [](const std::string& name, const HandMadeTensor& tensor) {
    HandMadeFile file = StateDict(1, 2, 3);
    file[name] = tensor;
    return ErrorOf(file, SpecOf(CellType::kRnnTanh));
  };
  EXPECT_THAT(with("norm.weight", Counting({2})), HasSubstr("file: has a tensor norm.weight"));
  EXPECT_THAT(with("h0", Counting({1, 1, 2})), HasSubstr("h0 of shape [1,1,2]"));
  EXPECT_THAT(with("norm.bias", Counting({2})), HasSubstr("has no tensor norm.weight"));
  EXPECT_THAT(with("rnn.weight_hr_l0", Counting({2, 2})), HasSubstr("proj_size"));
  EXPECT_THAT(with("enc.weight_ih_l0", Counting({2, 2})), HasSubstr("two recurrent modules"));
  EXPECT_THAT(with("rnn.weight_ih_l8", Counting({2, 2})), HasSubstr("must be 0 to 7"));
  EXPECT_THAT(with("rnn.weight_ih_l1", Counting({2, 2})), HasSubstr("no tensor rnn.weight_hh_l1"));
  EXPECT_THAT(with("rnn.weight_hh_l0", Counting({})), HasSubstr("must have 2 dimensions"));
  HandMadeFile three = StateDict(1, 2, 3);
  three["a.weight"] = three["b.weight"] = Counting({3, 2});
  EXPECT_THAT(ErrorOf(three, SpecOf(CellType::kRnnTanh)), HasSubstr("has 3 matrices"));
  EXPECT_THAT(ErrorOf({{"fc.weight", Counting({3, 2})}}, SpecOf(CellType::kRnnTanh)),
              HasSubstr("no recurrent module"));
  HandMadeFile no_output = StateDict(1, 2, 3);
  no_output.erase("fc.weight");
  no_output.erase("fc.bias");
  EXPECT_THAT(ErrorOf(no_output, SpecOf(CellType::kRnnTanh)), HasSubstr("has no output layer"));
}

TEST(PyTorchModel, FileCutAtAnyLength_IsRefused) {
  const std::string bytes = FileOf(StateDict(1, 2, 3));
  for (size_t length = 0; length < bytes.size(); ++length) {
    ASSERT_THAT(ErrorOf(bytes.substr(0, length), SpecOf(CellType::kRnnTanh)), HasSubstr("file: "))
        << length;
  }
}

TEST(PyTorchModel, AnyFlippedByte_IsRefusedOrChangesNumbersAlone) {
  std::string bytes = FileOf(StateDict(1, 2, 3));
  const size_t parameters =
      MustRead(StateDict(1, 2, 3), SpecOf(CellType::kRnnTanh)).parameters.size();
  int refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {0x01, 0x20, 0x80, 0xFF}) {
      bytes[i] = static_cast<char>(bytes[i] ^ flip);
      Violations violations;
      const auto model = ReadPyTorchModel(bytes, SpecOf(CellType::kRnnTanh), &violations);
      bytes[i] = static_cast<char>(bytes[i] ^ flip);
      ASSERT_EQ(model.has_value(), violations.empty()) << i;
      refused += model ? 0 : 1;
      if (model) {
        ASSERT_EQ(model->data.parameters.size(), parameters) << i;
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace runnel
