// Version files as they are written and read; hostile ones in model_file_damage_test.cc.
#include "core/model/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/nn/parameters.h"
#include "tests/core/model/model_testing.h"

namespace runnel {
namespace {

using nlohmann::json;
using testing::Each;
using testing::ElementsAre;

void ExpectSame(const ModelDescription& actual, const ModelDescription& expected) {
  EXPECT_EQ(actual.network.cell, expected.network.cell);
  EXPECT_EQ(actual.network.num_layers, expected.network.num_layers);
  EXPECT_EQ(actual.network.hidden_size, expected.network.hidden_size);
  EXPECT_EQ(actual.vocabulary, expected.vocabulary);
  EXPECT_EQ(actual.parameter_count, expected.parameter_count);
  EXPECT_EQ(actual.validation_loss, expected.validation_loss);
  EXPECT_EQ(actual.chars_trained, expected.chars_trained);
  EXPECT_EQ(actual.training_job, expected.training_job);
  EXPECT_EQ(actual.create_time_ms, expected.create_time_ms);
  EXPECT_EQ(json::parse(actual.training), json::parse(expected.training));
}

TEST(ModelFile, CodePointModel_SurvivesTheRoundTrip) {
  const ModelData model = SmallModel();
  const ModelData read = DecodeModel(EncodeModel(model)).value();
  ExpectSame(read.description, model.description);
  EXPECT_EQ(read.parameters, model.parameters);
}

TEST(ModelFile, EveryCell_SurvivesTheRoundTrip) {
  for (const CellType cell : kCellTypes) {
    for (const bool bidirectional : {false, true}) {
      for (const int embedding_size : {0, 4}) {
        ModelData model = SmallModel();
        model.description.network = {.cell = cell,
                                     .num_layers = 2,
                                     .hidden_size = 3,
                                     .bidirectional = bidirectional,
                                     .embedding_size = embedding_size};
        model.parameters.resize(
            MakeNetwork<float>(model.description.network, model.description.vocabulary.size())
                ->layout()
                .size());
        for (size_t i = 0; i < model.parameters.size(); ++i) {
          model.parameters[i] = static_cast<float>(i + 1) / 8;
        }
        const auto read = DecodeModel(EncodeModel(model));
        ASSERT_TRUE(read.ok()) << CellTypeName(cell) << ": " << read.status();
        EXPECT_EQ(read->parameters, model.parameters) << CellTypeName(cell);
        EXPECT_EQ(read->description.network.cell, cell);
        EXPECT_EQ(read->description.network.bidirectional, bidirectional);
        EXPECT_EQ(read->description.network.embedding_size, embedding_size);
      }
    }
  }
}

TEST(ModelFile, VocabularyRules_SurviveTheRoundTrip) {
  ModelData model;
  model.description.network = {.num_layers = 1, .hidden_size = 2};
  model.description.vocabulary =
      Vocabulary::FromCodePoints({U'a', U'b'})
          .value()
          .With({.min_char_count = 3, .document_separator = "\n\"\u4E16"});
  model.description.parameter_count = 4 * 2 + 2 * 2 + 2 + 2 * 4 + 4;
  model.parameters.assign(model.description.parameter_count, 0.5f);
  const ModelData read = DecodeModel(EncodeModel(model)).value();
  ExpectSame(read.description, model.description);
  EXPECT_EQ(read.description.vocabulary.size(), 4);
}

TEST(ModelFile, ByteModel_SurvivesTheRoundTrip) {
  ModelData model;
  model.description.network = {.num_layers = 1, .hidden_size = 5};
  model.description.vocabulary = Vocabulary::Bytes();
  model.description.parameter_count = 256 * 5 + 5 * 5 + 5 + 5 * 256 + 256;
  model.parameters.assign(model.description.parameter_count, -0.5f);
  const ModelData read = DecodeModel(EncodeModel(model)).value();
  ExpectSame(read.description, model.description);
  EXPECT_EQ(read.description.validation_loss, std::nullopt);
  EXPECT_EQ(read.parameters, model.parameters);
}

TEST(ModelFile, EveryUnicodeCharacter_FitsIntoAVocabulary) {
  ModelData model;
  std::vector<char32_t> all;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c < 0xD800 || c > 0xDFFF) all.push_back(c);
  }
  model.description.network = {.hidden_size = 1};
  model.description.vocabulary = Vocabulary::FromCodePoints(all).value();
  model.parameters.resize(3 * all.size() + 2);
  const auto read = DecodeModel(EncodeModel(model));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->description.vocabulary, model.description.vocabulary);
}

TEST(ModelFile, File_IsValidSafetensors) {
  // As the format's document has it: 8 bytes of length, a JSON header that begins with '{', strings
  // alone in __metadata__, tensors that cover the data without a hole.
  const std::string bytes = EncodeModel(SmallModel());
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), 8);
  ASSERT_LT(8 + header_bytes, bytes.size());
  EXPECT_EQ((8 + header_bytes) % 8, 0u);
  EXPECT_EQ(bytes[8], '{');
  const json header = json::parse(bytes.substr(8, header_bytes));
  for (const auto& [key, value] : header["__metadata__"].items()) {
    EXPECT_TRUE(value.is_string()) << key;
  }
  EXPECT_EQ(header["__metadata__"]["format"], "runnel-1");

  std::map<int64_t, int64_t> ranges;
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& [name, tensor] : header.items()) {
    if (name == "__metadata__") continue;
    EXPECT_EQ(tensor["dtype"], "F32");
    EXPECT_EQ(tensor.size(), 3u);
    shapes[name] = tensor["shape"].get<std::vector<int64_t>>();
    int64_t elements = 1;
    for (const int64_t size : shapes[name]) elements *= size;
    const int64_t begin = tensor["data_offsets"][0];
    const int64_t end = tensor["data_offsets"][1];
    EXPECT_EQ(end - begin, 4 * elements) << name;
    EXPECT_EQ(begin % 4, 0);
    ranges[begin] = end;
  }
  int64_t end = 0;
  for (const auto& [begin, range_end] : ranges) {
    EXPECT_EQ(begin, end);
    end = range_end;
  }
  EXPECT_EQ(8 + header_bytes + end, bytes.size());
  const std::map<std::string, std::vector<int64_t>> expected = {
      {"rnn.weight_ih_l0", {3, 8}}, {"rnn.weight_hh_l0", {3, 3}}, {"rnn.bias_ih_l0", {3}},
      {"rnn.bias_hh_l0", {3}},      {"rnn.weight_ih_l1", {3, 3}}, {"rnn.weight_hh_l1", {3, 3}},
      {"rnn.bias_ih_l1", {3}},      {"rnn.bias_hh_l1", {3}},      {"output.weight", {8, 3}},
      {"output.bias", {8}}};
  EXPECT_EQ(shapes, expected);
}

std::vector<float> StoredValues(const std::string& bytes, const std::string& name) {
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), 8);
  const json offsets = json::parse(bytes.substr(8, header_bytes))[name]["data_offsets"];
  const int64_t begin = offsets[0];
  const int64_t end = offsets[1];
  std::vector<float> values((end - begin) / 4);
  std::memcpy(values.data(), bytes.data() + 8 + header_bytes + begin, end - begin);
  return values;
}

TEST(ModelFile, Weights_StandInPyTorchsOrderAndTheSecondBiasIsZero) {
  const ModelData model = SmallModel();
  const std::string bytes = EncodeModel(model);
  // The layout keeps the one-hot weight [vocabulary x hidden]; the file has [hidden x vocabulary].
  const std::vector<float> one_hot = StoredValues(bytes, "rnn.weight_ih_l0");
  for (int row = 0; row < 3; ++row) {
    for (int col = 0; col < 8; ++col) {
      EXPECT_EQ(one_hot[row * 8 + col], model.parameters[col * 3 + row]);
    }
  }
  EXPECT_THAT(StoredValues(bytes, "rnn.bias_ih_l0"),
              ElementsAre(model.parameters[33], model.parameters[34], model.parameters[35]));
  EXPECT_THAT(StoredValues(bytes, "rnn.bias_hh_l0"), Each(0.0f));
  EXPECT_THAT(StoredValues(bytes, "rnn.bias_hh_l1"), Each(0.0f));
}

TEST(ModelFile, TrainingThatIsNoJsonObject_IsWrittenAsAnEmptyOne) {
  ModelData model = SmallModel();
  for (const char* training : {"", "nonsense", "[1]", "{\"a\":"}) {
    model.description.training = training;
    EXPECT_EQ(DecodeModel(EncodeModel(model))->description.training, "{}");
  }
}

TEST(ModelFile, TrainingJobOfInvalidUtf8_StillWritesAReadableFile) {
  ModelData model = SmallModel();
  model.description.training_job = "job\xFF";
  EXPECT_EQ(DecodeModel(EncodeModel(model))->description.training_job, "job\xEF\xBF\xBD");
}

class ModelFileOnDisk : public FolderTest {};

TEST_F(ModelFileOnDisk, DescriptionAndModel_AreReadFromTheFile) {
  const ModelData model = SmallModel();
  WriteFile(Path("1"), EncodeModel(model));
  ExpectSame(ReadModelDescription(Path("1")).value(), model.description);
  EXPECT_EQ(ReadModel(Path("1"))->parameters, model.parameters);
}

TEST_F(ModelFileOnDisk, Description_IsReadWithoutTheWeights) {
  std::string bytes = EncodeModel(SmallModel());
  bytes.back() ^= 1;
  WriteFile(Path("1"), bytes);
  EXPECT_TRUE(ReadModelDescription(Path("1")).ok());
  EXPECT_EQ(ReadModel(Path("1")).status(),
            absl::DataLossError("the weights do not match their checksum"));
}

TEST_F(ModelFileOnDisk, MissingFile_IsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(ReadModelDescription(Path("none")).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadModel(Path("none")).status()));
}

}  // namespace
}  // namespace runnel
