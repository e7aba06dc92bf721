// Version files that are cut, have flipped bytes, or have a false header: reading one never
// crashes, and never allocates memory because a false number asks for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/core/model/model_file_parts.h"
#include "tests/testing/sanitizer.h"

namespace runnel {
namespace {

using nlohmann::json;
using testing::HasSubstr;

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
  for (const uint64_t length :
       {uint64_t{bytes.size()}, uint64_t{bytes.size() - 7}, uint64_t{1} << 40}) {
    std::memcpy(bytes.data(), &length, 8);
    EXPECT_THAT(ErrorOf(bytes), HasSubstr("says that its header has " + std::to_string(length)));
  }
  for (const uint64_t length : {~uint64_t{0}, uint64_t{1} << 63}) {
    std::memcpy(bytes.data(), &length, 8);
    EXPECT_THAT(ErrorOf(bytes), HasSubstr("is not a safetensors file"));
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
  while (lists.size() < (7u << 20)) lists += ",[]";
  const std::string bytes = Parts::WithHeader("{\"a\":[" + lists + "]}", "");
  struct rusage before = {};
  struct rusage after = {};
  getrusage(RUSAGE_SELF, &before);
  EXPECT_EQ(DecodeModel(bytes).status(),
            absl::DataLossError("the header holds more than 16384 values"));
  getrusage(RUSAGE_SELF, &after);
  // ThreadSanitizer's shadow memory counts too.
  constexpr int64_t kMebibytesMax = kThreadSanitizer ? 400 : 100;
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

}  // namespace
}  // namespace runnel
