// Version files that are complete and have the right checksums, but whose tensors, network or
// vocabulary are impossible.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/core/model/model_file_parts.h"

namespace runnel {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class ModelFileContents : public ModelFileDamage {};

TEST_F(ModelFileContents, OverlappingTensors_AreDamaged) {
  // Equal sizes: weight_hh_l0 laid over weight_hh_l1.
  EXPECT_THAT(ErrorWith([](Parts* parts) {
                parts->header["rnn.weight_hh_l0"]["data_offsets"] =
                    parts->header["rnn.weight_hh_l1"]["data_offsets"];
              }),
              HasSubstr("overlaps its neighbour or leaves a gap"));
}

TEST_F(ModelFileContents, GapsAndBytesLeftOver_AreDamaged) {
  EXPECT_THAT(ErrorWith([](Parts* parts) {
                parts->data.insert(0, 8, '\0');
                for (auto& [name, tensor] : parts->header.items()) {
                  if (name == "__metadata__") continue;
                  for (auto& offset : tensor["data_offsets"]) {
                    offset = offset.get<uint64_t>() + 8;
                  }
                }
              }),
              HasSubstr("overlaps its neighbour or leaves a gap"));
  EXPECT_THAT(ErrorWith([](Parts* parts) { parts->data.append(4, '\0'); }),
              HasSubstr("bytes of data; its tensors take"));
}

TEST_F(ModelFileContents, WrongTypeShapeOrOffsets_AreDamaged) {
  const auto with = [&](const char* key, const json& value) {
    return ErrorWith([&](Parts* parts) { parts->header["output.bias"][key] = value; });
  };
  EXPECT_EQ(with("dtype", "F16"), "output.bias has dtype \"F16\"; must be F32");
  EXPECT_EQ(with("dtype", 5), "output.bias has no dtype");
  EXPECT_EQ(with("shape", {4, 2}), "output.bias has shape [4,2]; must be [8]");
  EXPECT_EQ(with("shape", "8"), "output.bias has no shape of whole numbers");
  EXPECT_EQ(with("shape", {-8}), "output.bias has no shape of whole numbers");
  EXPECT_EQ(with("shape", {8.0}), "output.bias has no shape of whole numbers");
  EXPECT_EQ(with("shape", {uint64_t{1} << 63}),
            "output.bias has shape [9223372036854775808]; must be [8]");
  EXPECT_EQ(with("data_offsets", "none"), "output.bias has no data_offsets");
  EXPECT_EQ(with("data_offsets", {-4, 28}), "output.bias has no data_offsets");
  EXPECT_EQ(with("data_offsets", {0.5, 32.5}), "output.bias has no data_offsets");
  EXPECT_EQ(with("data_offsets", {0, 32, 64}), "output.bias has no data_offsets");
  EXPECT_THAT(with("data_offsets", {32, 0}),
              HasSubstr("output.bias of shape [8] is stored at 32 to 0 of"));
  EXPECT_THAT(with("data_offsets", {~uint64_t{0} - 31, ~uint64_t{0}}),
              HasSubstr("must be 32 bytes long"));
  EXPECT_THAT(with("data_offsets", {0, uint64_t{1} << 62}), HasSubstr("must be 32 bytes long"));
}

TEST_F(ModelFileContents, MissingAndAdditionalTensors_AreDamaged) {
  EXPECT_EQ(ErrorWith([](Parts* parts) { parts->header.erase("output.bias"); }),
            "holds 9 tensors; its network has 10");
  EXPECT_EQ(ErrorWith([](Parts* parts) { parts->header["more"] = parts->header["output.bias"]; }),
            "holds 11 tensors; its network has 10");
  EXPECT_EQ(ErrorWith([](Parts* parts) {
              parts->header["more"] = parts->header["output.bias"];
              parts->header.erase("output.bias");
            }),
            "has no tensor output.bias");
}

TEST_F(ModelFileContents, NetworkOutOfBounds_IsDamaged) {
  const auto with = [&](const char* key, const json& value) {
    return ErrorWith([&](Parts* parts) { parts->about["network"][key] = value; });
  };
  EXPECT_EQ(with("cell", "transformer"), "network.cell is \"transformer\", which is unknown");
  EXPECT_EQ(with("num_layers", 9), "network.num_layers is 9; must be 1 to 8");
  EXPECT_EQ(with("num_layers", -1), "network.num_layers is 0; must be 1 to 8");
  EXPECT_EQ(with("hidden_size", 4097), "network.hidden_size is 4097; must be 1 to 4096");
  EXPECT_THAT(with("hidden_size", int64_t{1} << 40), HasSubstr("must be 1 to 4096"));
  EXPECT_THAT(with("hidden_size", ~uint64_t{0}), HasSubstr("must be 1 to 4096"));
  EXPECT_THAT(with("hidden_size", 3.0), HasSubstr("must be 1 to 4096"));
}

TEST_F(ModelFileContents, LargestNetworkOverLittleData_IsRefusedWithoutItsMemory) {
  // 8 layers of 4096 hidden are a gigabyte of weights; the file has a few hundred bytes.
  struct rusage before = {};
  struct rusage after = {};
  getrusage(RUSAGE_SELF, &before);
  EXPECT_THAT(ErrorWith([](Parts* parts) {
                parts->about["network"]["num_layers"] = 8;
                parts->about["network"]["hidden_size"] = 4096;
                const int64_t h = 4096;
                for (int layer = 0; layer < 8; ++layer) {
                  const std::string suffix = "_l" + std::to_string(layer);
                  const auto set = [&](const std::string& name, json shape) {
                    parts->header["rnn." + name + suffix] = {
                        {"dtype", "F32"}, {"shape", shape}, {"data_offsets", {0, 12}}};
                  };
                  set("weight_ih", json::array({h, layer == 0 ? 8 : h}));
                  set("weight_hh", json::array({h, h}));
                  set("bias_ih", json::array({h}));
                  set("bias_hh", json::array({h}));
                }
                parts->header["output.weight"]["shape"] = json::array({8, h});
              }),
              HasSubstr("of 380 bytes; must be 131072 bytes long"));
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT((after.ru_maxrss - before.ru_maxrss) >> 10, 20);
}

TEST_F(ModelFileContents, Vocabulary_MustBeAscendingScalarValues) {
  const auto with = [&](const char* characters) {
    return ErrorWith([&](Parts* parts) { parts->about["vocabulary"]["characters"] = characters; });
  };
  EXPECT_EQ(with("ba"), "the vocabulary must ascend in code-point order: 'a' comes after 'b'");
  EXPECT_EQ(with(""), "a vocabulary needs a character");
  EXPECT_EQ(with("abc"), "rnn.weight_ih_l0 has shape [3,8]; must be [3,3]");
  EXPECT_EQ(ErrorWith([](Parts* parts) { parts->about["vocabulary"]["kind"] = "words"; }),
            "vocabulary.kind is \"words\", which is unknown");
  EXPECT_THAT(ErrorWith([](Parts* parts) { parts->about["vocabulary"]["kind"] = "bytes"; }),
              HasSubstr("must be [3,256]"));
}

TEST_F(ModelFileContents, VocabularyRules_MustBeInRangeAndFitTheTensors) {
  const auto with = [&](const char* member, const json& value) {
    return ErrorWith([&](Parts* parts) { parts->about["vocabulary"][member] = value; });
  };
  EXPECT_EQ(with("min_char_count", -1), "vocabulary.min_char_count is 0; must be 1 or more");
  EXPECT_EQ(with("min_char_count", 2), "rnn.weight_ih_l0 has shape [3,8]; must be [3,9]");
  EXPECT_EQ(with("document_separator", "-"), "rnn.weight_ih_l0 has shape [3,8]; must be [3,9]");
  EXPECT_EQ(with("document_separator", std::string(300, '-')),
            "vocabulary.document_separator has 300 bytes; at most 256");
}

TEST_F(ModelFileContents, WeightsThatAreNotFinite_AreDamaged) {
  const std::pair<float, const char*> kBad[] = {{std::numeric_limits<float>::quiet_NaN(), "nan"},
                                                {std::numeric_limits<float>::infinity(), "inf"},
                                                {-std::numeric_limits<float>::infinity(), "-inf"}};
  for (const auto& [bad, shown] : kBad) {
    Parts parts;
    const int64_t begin = parts.header["output.weight"]["data_offsets"][0];
    std::memcpy(parts.data.data() + begin + 8, &bad, 4);
    EXPECT_EQ(DecodeModel(parts.Bytes()).status(),
              absl::DataLossError(std::string("output.weight holds ") + shown +
                                  " at element 2; must be finite as a 32-bit float"));
  }
}

TEST_F(ModelFileContents, BiasesWhoseSumIsNotFinite_AreDamaged) {
  Parts parts;
  const float huge = 3e38f;
  for (const char* name : {"rnn.bias_ih_l0", "rnn.bias_hh_l0"}) {
    const int64_t begin = parts.header[name]["data_offsets"][0];
    std::memcpy(parts.data.data() + begin, &huge, 4);
  }
  EXPECT_EQ(DecodeModel(parts.Bytes()).status(),
            absl::DataLossError(
                "rnn.bias_hh_l0 and its bias_ih add up to inf at element 0; must be finite"));
}

TEST_F(ModelFileContents, RecurrentBias_IsAddedToTheOther) {
  Parts parts;
  const float one = 1;
  const int64_t begin = parts.header["rnn.bias_hh_l0"]["data_offsets"][0];
  std::memcpy(parts.data.data() + begin, &one, 4);
  ModelData expected = SmallModel();
  expected.parameters[33] += 1;
  EXPECT_EQ(DecodeModel(parts.Bytes())->parameters, expected.parameters);
}

TEST_F(ModelFileContents, LongTextsInAFile_AreQuotedInPart) {
  std::string cell;
  for (int i = 0; i < 100000; ++i) cell += "\u4E16";
  const std::string error =
      ErrorWith([&](Parts* parts) { parts->about["network"]["cell"] = cell; });
  EXPECT_LT(error.size(), 600u);
  EXPECT_THAT(error, testing::EndsWith("\u4E16..."));
  EXPECT_THAT(error, testing::StartsWith("network.cell is \"\u4E16"));
}

TEST_F(ModelFileContents, SummaryOfOddTypes_IsReadAsUnknown) {
  Parts parts;
  parts.about["summary"] = {{"training_job", 5},
                            {"create_time_ms", ~uint64_t{0}},
                            {"chars_trained", "many"},
                            {"validation_loss", "low"}};
  const ModelDescription description = DecodeModel(parts.Bytes())->description;
  EXPECT_EQ(description.training_job, "");
  EXPECT_EQ(description.create_time_ms, 0);
  EXPECT_EQ(description.chars_trained, 0);
  EXPECT_EQ(description.validation_loss, std::nullopt);
}

TEST_F(ModelFileContents, TimeBeyondACalendar_IsReadAsUnknown) {
  struct Case {
    int64_t stored;
    int64_t read;
  };
  const std::vector<Case> cases = {{-1, 0},
                                   {253'402'300'799'999, 253'402'300'799'999},
                                   {253'402'300'800'000, 0},
                                   {9'000'000'000'000'000'000, 0}};
  for (const Case& c : cases) {
    Parts parts;
    parts.about["summary"]["create_time_ms"] = c.stored;
    EXPECT_EQ(DecodeModel(parts.Bytes())->description.create_time_ms, c.read) << c.stored;
  }
}

}  // namespace
}  // namespace runnel
