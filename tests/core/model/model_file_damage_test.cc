// Version files that are cut, flipped, or lie: never a crash, never memory on their word.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstring>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/model/model_file.h"
#include "tests/core/model/model_testing.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace runnel {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// A file taken apart, to be put together with a lie in it. The checksums are made right.
struct Parts {
  explicit Parts(const std::string& bytes) {
    uint64_t header_bytes = 0;
    std::memcpy(&header_bytes, bytes.data(), 8);
    header = json::parse(bytes.substr(8, header_bytes));
    about = json::parse(header["__metadata__"]["runnel"].get<std::string>());
    data = bytes.substr(8 + header_bytes);
  }
  Parts() : Parts(EncodeModel(SmallModel())) {}

  std::string Bytes() const {
    json all = header;
    if (all.contains("__metadata__")) {
      json& metadata = all["__metadata__"];
      if (!about.is_null()) metadata["runnel"] = about.dump();
      metadata["checksum"] = Checksum(data);
      if (metadata["runnel"].is_string())
        metadata["runnel_checksum"] = Checksum(metadata["runnel"]);
    }
    return WithHeader(all.dump(), data);
  }

  static std::string Checksum(const std::string& bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    char text[33];
    snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
             static_cast<unsigned long long>(hash.low64));
    return text;
  }

  static std::string WithHeader(const std::string& header, const std::string& data) {
    std::string length(8, '\0');
    const uint64_t size = header.size();
    std::memcpy(length.data(), &size, 8);
    return length + header + data;
  }

  json header;
  json about;
  std::string data;
};

class ModelFileDamage : public FolderTest {
 protected:
  // Both readers refuse it as damaged; returns the message.
  std::string ErrorOf(const std::string& bytes) {
    WriteFile(Path("model"), bytes);
    const absl::Status read = DecodeModel(bytes).status();
    EXPECT_TRUE(absl::IsDataLoss(read)) << read;
    EXPECT_TRUE(absl::IsDataLoss(ReadModelDescription(Path("model")).status()));
    EXPECT_EQ(ReadModel(Path("model")).status(), read);
    return std::string(read.message());
  }
  std::string ErrorWith(const std::function<void(Parts*)>& lie) {
    Parts parts;
    lie(&parts);
    return ErrorOf(parts.Bytes());
  }
};

TEST_F(ModelFileDamage, PartsPutTogetherAgain_AreAGoodFile) {
  EXPECT_TRUE(DecodeModel(Parts().Bytes()).ok());
}

TEST_F(ModelFileDamage, FileCutAtAnyLength_IsDamaged) {
  const std::string bytes = EncodeModel(SmallModel());
  for (size_t length = 0; length < bytes.size(); ++length) {
    const auto cut = DecodeModel(absl::string_view(bytes).substr(0, length));
    ASSERT_TRUE(absl::IsDataLoss(cut.status())) << length;
  }
  for (size_t length = 0; length < bytes.size(); length += 37) {
    WriteFile(Path("cut"), bytes.substr(0, length));
    ASSERT_TRUE(absl::IsDataLoss(ReadModelDescription(Path("cut")).status())) << length;
  }
  EXPECT_TRUE(absl::IsDataLoss(DecodeModel(bytes + "x").status()));
}

TEST_F(ModelFileDamage, AnyFlippedByte_IsDamageOrChangesNothing) {
  const std::string whole = EncodeModel(SmallModel());
  std::string bytes = whole;
  int refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {0x01, 0x20, 0x80, 0xFF}) {
      bytes[i] = static_cast<char>(bytes[i] ^ flip);
      const auto read = DecodeModel(bytes);
      bytes[i] = whole[i];
      if (!read.ok()) {
        ASSERT_TRUE(absl::IsDataLoss(read.status())) << i;
        ++refused;
        continue;
      }
      // A flip in the name of the metadata's checksum leaves a file without one.
      ASSERT_EQ(EncodeModel(*read), whole) << i;
    }
  }
  EXPECT_GT(refused, static_cast<int>(4 * (bytes.size() - 20)));
}

TEST_F(ModelFileDamage, VocabularyWithAnotherCharacter_IsDamagedThoughItWouldFit) {
  Parts parts;
  std::string about = parts.about.dump();
  about[about.find("a\u00E9")] = 'b';
  parts.header["__metadata__"]["runnel"] = about;
  const std::string bytes = Parts::WithHeader(parts.header.dump(), parts.data);
  EXPECT_EQ(ErrorOf(bytes), "the metadata do not match their checksum");

  parts.header["__metadata__"].erase("runnel_checksum");  // as the first files were written
  const auto read = DecodeModel(Parts::WithHeader(parts.header.dump(), parts.data));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->description.vocabulary.Find(U'b'));
}

TEST_F(ModelFileDamage, HeaderLength_IsCheckedAgainstTheFile) {
  std::string bytes = EncodeModel(SmallModel());
  for (const uint64_t length : {uint64_t{bytes.size()}, uint64_t{bytes.size() - 7},
                                uint64_t{1} << 40, ~uint64_t{0}, uint64_t{1} << 63}) {
    std::memcpy(bytes.data(), &length, 8);
    EXPECT_THAT(ErrorOf(bytes), HasSubstr("says that its header has " + std::to_string(length)));
  }
}

TEST_F(ModelFileDamage, HeaderThatIsNoObject_IsDamaged) {
  for (const char* header : {"", "x", "[]", "null", "1", "{", "\"text\"", "{} {}"}) {
    ErrorOf(Parts::WithHeader(header, ""));
  }
  EXPECT_EQ(ErrorOf(Parts::WithHeader("[]", "")), "the header is not a JSON object");
}

TEST_F(ModelFileDamage, DeepNesting_IsDamagedAndNotRecursedInto) {
  constexpr int kDepth = 2'000'000;
  const std::string deep = std::string(kDepth, '[') + std::string(kDepth, ']');
  EXPECT_EQ(ErrorOf(Parts::WithHeader(deep, "")), "the header is nested more than 64 deep");
  ErrorOf(Parts::WithHeader("{\"a\":" + deep + "}", ""));
  // Inside metadata that is right in all else.
  Parts parts;
  std::string about = parts.about.dump();
  about.insert(about.rfind("\"recipe\""), "\"deep\":" + deep + ",");
  parts.about = nullptr;
  parts.header["__metadata__"]["runnel"] = about;
  EXPECT_EQ(ErrorOf(parts.Bytes()), "the metadata is nested more than 64 deep");
}

TEST_F(ModelFileDamage, TrainingNestedBeyondReason_IsDamagedAndWithinItIsKept) {
  const auto nested = [](int depth) {
    json value = 1;
    for (int i = 0; i < depth; ++i) value = json::array({value});
    return value;
  };
  Parts parts;
  parts.about["training"]["deep"] = nested(50);
  const auto read = DecodeModel(parts.Bytes());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(json::parse(read->description.training)["deep"], nested(50));
  parts.about["training"]["deep"] = nested(1000);
  EXPECT_EQ(ErrorOf(parts.Bytes()), "the metadata is nested more than 64 deep");
}

TEST_F(ModelFileDamage, HeaderOfManyValues_TakesNoMoreThanAFewTimesItsText) {
  // An empty list is 3 bytes of text, and 40 in memory.
  std::string lists = "[]";
  while (lists.size() < (24u << 20)) lists += ",[]";
  const std::string bytes = Parts::WithHeader("{\"a\":[" + lists + "]}", "");
  struct rusage before = {};
  struct rusage after = {};
  getrusage(RUSAGE_SELF, &before);
  EXPECT_EQ(DecodeModel(bytes).status(),
            absl::DataLossError("the header holds more than 131072 values"));
  getrusage(RUSAGE_SELF, &after);
#if defined(__SANITIZE_THREAD__)
  constexpr int64_t kMebibytesMax = 400;  // shadow memory counts too
#else
  constexpr int64_t kMebibytesMax = 100;
#endif
  EXPECT_LT((after.ru_maxrss - before.ru_maxrss) >> 10, kMebibytesMax);
}

TEST_F(ModelFileDamage, MemberNamedTwice_IsDamaged) {
  const std::string tensor = R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_EQ(ErrorOf(Parts::WithHeader("{\"a\":" + tensor + ",\"a\":" + tensor + "}", "1234")),
            "the header names a member twice");
  EXPECT_EQ(ErrorOf(Parts::WithHeader("{\"a\":" + tensor + ",\"b\":" + tensor + "}", "1234")),
            "the header has no __metadata__");
}

TEST_F(ModelFileDamage, MissingMetadata_IsDamaged) {
  EXPECT_EQ(ErrorWith([](Parts* parts) { parts->header.erase("__metadata__"); }),
            "the header has no __metadata__");
  EXPECT_EQ(ErrorWith([](Parts* parts) { parts->header["__metadata__"]["format"] = "pt"; }),
            "format is \"pt\"; this release reads \"runnel-1\"");
  EXPECT_EQ(ErrorWith([](Parts* parts) { parts->header["__metadata__"].erase("format"); }),
            "format is \"\"; this release reads \"runnel-1\"");
  EXPECT_EQ(ErrorWith([](Parts* parts) {
              parts->about = nullptr;
              parts->header["__metadata__"]["runnel"] = 5;
            }),
            "the metadata is not a JSON object");
  for (const char* part : {"network", "vocabulary", "summary", "training"}) {
    EXPECT_EQ(ErrorWith([&](Parts* parts) { parts->about.erase(part); }),
              std::string("the metadata has no \"") + part + "\"");
    EXPECT_EQ(ErrorWith([&](Parts* parts) { parts->about[part] = "text"; }),
              std::string("the metadata has no \"") + part + "\"");
  }
}

TEST_F(ModelFileDamage, WrongChecksum_IsDamaged) {
  std::string bytes = EncodeModel(SmallModel());
  bytes[bytes.size() - 3] ^= 0x10;
  EXPECT_EQ(DecodeModel(bytes).status(),
            absl::DataLossError("the weights do not match their checksum"));
}

TEST_F(ModelFileDamage, OverlappingTensors_AreDamaged) {
  // Equal sizes: weight_hh_l0 laid over weight_hh_l1.
  EXPECT_THAT(ErrorWith([](Parts* parts) {
                parts->header["rnn.weight_hh_l0"]["data_offsets"] =
                    parts->header["rnn.weight_hh_l1"]["data_offsets"];
              }),
              HasSubstr("overlaps its neighbour or leaves a gap"));
}

TEST_F(ModelFileDamage, GapsAndBytesLeftOver_AreDamaged) {
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

TEST_F(ModelFileDamage, WrongTypeShapeOrOffsets_AreDamaged) {
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
              HasSubstr("output.bias of shape [8] lies at 32 to 0 of"));
  EXPECT_THAT(with("data_offsets", {~uint64_t{0} - 31, ~uint64_t{0}}),
              HasSubstr("must be 32 bytes long"));
  EXPECT_THAT(with("data_offsets", {0, uint64_t{1} << 62}), HasSubstr("must be 32 bytes long"));
}

TEST_F(ModelFileDamage, MissingAndAdditionalTensors_AreDamaged) {
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

TEST_F(ModelFileDamage, NetworkOutOfBounds_IsDamaged) {
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

TEST_F(ModelFileDamage, LargestNetworkOverLittleData_IsRefusedWithoutItsMemory) {
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

TEST_F(ModelFileDamage, Vocabulary_MustBeAscendingScalarValues) {
  const auto with = [&](const char* characters) {
    return ErrorWith([&](Parts* parts) { parts->about["vocabulary"]["characters"] = characters; });
  };
  EXPECT_EQ(with("ba"), "the vocabulary must ascend in code-point order: 'a' stands behind 'b'");
  EXPECT_EQ(with(""), "a vocabulary needs a character");
  EXPECT_EQ(with("abc"), "rnn.weight_ih_l0 has shape [3,8]; must be [3,3]");
  EXPECT_EQ(ErrorWith([](Parts* parts) { parts->about["vocabulary"]["kind"] = "words"; }),
            "vocabulary.kind is \"words\", which is unknown");
  EXPECT_THAT(ErrorWith([](Parts* parts) { parts->about["vocabulary"]["kind"] = "bytes"; }),
              HasSubstr("must be [3,256]"));
}

TEST_F(ModelFileDamage, VocabularyRules_MustBeInRangeAndFitTheTensors) {
  const auto with = [&](const char* member, const json& value) {
    return ErrorWith([&](Parts* parts) { parts->about["vocabulary"][member] = value; });
  };
  EXPECT_EQ(with("min_char_count", -1), "vocabulary.min_char_count is 0; must be 1 or more");
  EXPECT_EQ(with("min_char_count", 2), "rnn.weight_ih_l0 has shape [3,8]; must be [3,9]");
  EXPECT_EQ(with("document_separator", "-"), "rnn.weight_ih_l0 has shape [3,8]; must be [3,9]");
  EXPECT_EQ(with("document_separator", std::string(300, '-')),
            "vocabulary.document_separator has 300 bytes; at most 256");
}

TEST_F(ModelFileDamage, WeightsThatAreNotFinite_AreDamaged) {
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

TEST_F(ModelFileDamage, BiasesWhoseSumIsNotFinite_AreDamaged) {
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

TEST_F(ModelFileDamage, RecurrentBias_IsAddedToTheOther) {
  Parts parts;
  const float one = 1;
  const int64_t begin = parts.header["rnn.bias_hh_l0"]["data_offsets"][0];
  std::memcpy(parts.data.data() + begin, &one, 4);
  ModelData expected = SmallModel();
  expected.parameters[33] += 1;
  EXPECT_EQ(DecodeModel(parts.Bytes())->parameters, expected.parameters);
}

TEST_F(ModelFileDamage, LongTextsInAFile_AreQuotedInPart) {
  std::string cell;
  for (int i = 0; i < 100000; ++i) cell += "\u4E16";
  const std::string error =
      ErrorWith([&](Parts* parts) { parts->about["network"]["cell"] = cell; });
  EXPECT_LT(error.size(), 600u);
  EXPECT_THAT(error, testing::EndsWith("\u4E16..."));
  EXPECT_THAT(error, testing::StartsWith("network.cell is \"\u4E16"));
}

TEST_F(ModelFileDamage, SummaryOfOddTypes_IsReadAsUnknown) {
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

TEST_F(ModelFileDamage, TimeBeyondACalendar_IsReadAsUnknown) {
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
