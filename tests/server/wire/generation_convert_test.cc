#include "server/wire/generation_convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <vector>

#include "core/text/utf8.h"
#include "tests/server/bad_request.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kCap = 1000;
constexpr int64_t kResponseBytes = 1 << 20;

grpc::Status Check(const v1::GenerateCharsRequest& request) {
  Violations violations;
  ReadSampling(request, kCap, &violations);
  return ToGrpcStatus(ToStatus(violations));
}

grpc::Status Check(const v1::SampleRequest& request) {
  Violations violations;
  ReadSampling(request, kCap, kResponseBytes, &violations);
  return ToGrpcStatus(ToStatus(violations));
}

TEST(ReadSampling, EmptyRequest_IsTheModelsOwnDistribution) {
  Violations violations;
  const SamplingOptions options = ReadSampling(v1::GenerateCharsRequest(), kCap, &violations);
  EXPECT_TRUE(violations.empty());
  EXPECT_EQ(options.sampler.temperature, 1);
  EXPECT_EQ(options.max_chars, 256);
  EXPECT_EQ(options.sample_index, 0u);
}

TEST(ReadSampling, DefaultLength_IsNeverAboveTheServersCap) {
  Violations violations;
  EXPECT_EQ(ReadSampling(v1::GenerateCharsRequest(), 10, &violations).max_chars, 10);
  EXPECT_TRUE(violations.empty());
}

TEST(ReadSampling, SeedZero_IsASeed) {
  v1::GenerateCharsRequest request;
  request.mutable_sampling()->set_seed(0);
  Violations violations;
  EXPECT_EQ(ReadSampling(request, kCap, &violations).seed, 0u);
}

struct Case {
  const char* field;
  const char* description;
  std::function<void(v1::GenerateCharsRequest*)> set;
};

TEST(ReadSampling, ValuesOutOfRange_NameFieldValueAndBound) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<Case> cases = {
      {"sampling.temperature", "is -1; must be 0 or more, and finite",
       [](auto* r) { r->mutable_sampling()->set_temperature(-1); }},
      {"sampling.temperature", "is nan;",
       [=](auto* r) { r->mutable_sampling()->set_temperature(kNan); }},
      {"sampling.temperature", "is inf;",
       [=](auto* r) { r->mutable_sampling()->set_temperature(kInfinity); }},
      {"stop.max_chars", "is 0; must be 1 to 1000",
       [](auto* r) { r->mutable_stop()->set_max_chars(0); }},
      {"stop.max_chars", "is 1001; must be 1 to 1000",
       [](auto* r) { r->mutable_stop()->set_max_chars(1001); }},
      {"sampling.top_k", "is 0;", [](auto* r) { r->mutable_sampling()->set_top_k(0); }},
      {"sampling.top_p", "is 0;", [](auto* r) { r->mutable_sampling()->set_top_p(0); }},
      {"sampling.top_p", "is nan;", [=](auto* r) { r->mutable_sampling()->set_top_p(kNan); }},
      {"sampling.min_p", "is 2;", [](auto* r) { r->mutable_sampling()->set_min_p(2); }},
      {"sampling.repetition_penalty", "is 0;",
       [](auto* r) { r->mutable_sampling()->set_repetition_penalty(0); }},
      {"sampling.min_p", "is nan;", [=](auto* r) { r->mutable_sampling()->set_min_p(kNan); }},
      {"sampling.repetition_penalty", "is inf;",
       [=](auto* r) { r->mutable_sampling()->set_repetition_penalty(kInfinity); }},
      {"sampling.logit_bias", "is nan for 'a'",
       [=](auto* r) { (*r->mutable_sampling()->mutable_logit_bias())["a"] = kNan; }},
      {"sampling.logit_bias", "is inf for 'a'",
       [=](auto* r) { (*r->mutable_sampling()->mutable_logit_bias())["a"] = kInfinity; }},
      {"sampling.logit_bias", "has 4097 characters; at most 4096",
       [](auto* r) {
         for (char32_t c = 0x4E00; c <= 0x5E00; ++c) {
           std::string key;
           AppendUtf8(c, &key);
           (*r->mutable_sampling()->mutable_logit_bias())[key] = 1;
         }
       }},
      {"sampling.pattern", "has a group without its ), at character 3",
       [](auto* r) { r->mutable_sampling()->set_pattern("(a"); }},
      {"stop.stop_sequences", "has 65 entries; at most 64",
       [](auto* r) {
         for (int i = 0; i < 65; ++i) r->mutable_stop()->add_stop_sequences("a");
       }},
      {"sampling.logit_bias", "has the key \"ab\"",
       [](auto* r) { (*r->mutable_sampling()->mutable_logit_bias())["ab"] = 1; }},
      {"stop.stop_sequences", "has an empty sequence",
       [](auto* r) { r->mutable_stop()->add_stop_sequences(""); }},
      {"max_chars_per_message", "is 0;", [](auto* r) { r->set_max_chars_per_message(0); }},
      {"top_logprobs", "is 21;", [](auto* r) { r->set_top_logprobs(21); }},
  };
  for (const Case& bad : cases) {
    v1::GenerateCharsRequest request;
    bad.set(&request);
    const grpc::Status status = Check(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << bad.field;
    ASSERT_THAT(FieldsOf(status), ElementsAre(bad.field)) << status.error_message();
    EXPECT_THAT(ViolationsOf(status)[0].second, HasSubstr(bad.description));
  }
}

TEST(ReadSampling, EveryOption_IsRead) {
  v1::GenerateCharsRequest request;
  v1::SamplingOptions* sampling = request.mutable_sampling();
  sampling->set_temperature(0.5f);
  sampling->set_top_k(5);
  sampling->set_top_p(0.9f);
  sampling->set_min_p(0.1f);
  sampling->set_repetition_penalty(1.5f);
  (*sampling->mutable_logit_bias())["é"] = 2;
  (*sampling->mutable_logit_bias())["a"] = -99.5f;
  (*sampling->mutable_logit_bias())["b"] = -100;
  (*sampling->mutable_logit_bias())["c"] = -std::numeric_limits<float>::infinity();
  sampling->set_seed(7);
  sampling->set_pattern("a+");
  request.mutable_stop()->set_max_chars(9);
  request.mutable_stop()->add_stop_sequences("xyz");
  request.mutable_stop()->set_include_stop(true);
  request.set_return_state(true);
  request.set_top_logprobs(0);
  Violations violations;
  const SamplingOptions options = ReadSampling(request, kCap, &violations);
  EXPECT_TRUE(violations.empty());
  EXPECT_EQ(options.sampler.temperature, 0.5f);
  EXPECT_EQ(options.sampler.top_k, 5);
  EXPECT_EQ(options.sampler.top_p, 0.9f);
  EXPECT_EQ(options.sampler.min_p, 0.1f);
  EXPECT_EQ(options.repetition_penalty, 1.5f);
  ASSERT_NE(options.logit_bias, nullptr);
  ASSERT_EQ(options.logit_bias->entries.size(), 2u);
  EXPECT_EQ(options.logit_bias->entries[0].character, U'a');
  EXPECT_EQ(options.logit_bias->entries[1].character, U'\u00E9');
  EXPECT_EQ(options.logit_bias->entries[1].nats, 2);
  EXPECT_EQ(options.logit_bias->forbidden, CodePointSet::Of({{U'b', U'c'}}));
  EXPECT_EQ(options.seed, 7u);
  EXPECT_EQ(options.pattern.expression, "a+");
  EXPECT_EQ(options.max_chars, 9);
  ASSERT_NE(options.stops, nullptr);
  EXPECT_EQ(options.stops->text(0), "xyz");
  EXPECT_TRUE(options.include_stop);
  EXPECT_TRUE(options.return_state);
  EXPECT_EQ(options.top_logprobs, 0);
}

TEST(ReadSampling, OffValues_AreAccepted) {
  v1::GenerateCharsRequest request;
  request.mutable_sampling()->set_top_p(1);
  request.mutable_sampling()->set_min_p(0);
  request.mutable_sampling()->set_repetition_penalty(1);
  EXPECT_TRUE(Check(request).ok());
}

TEST(ReadSampling, NumSamplesOutOfRange_IsInvalid) {
  for (const int samples : {0, -1, 65}) {
    v1::SampleRequest request;
    request.set_num_samples(samples);
    EXPECT_THAT(FieldsOf(Check(request)), ElementsAre("num_samples")) << samples;
  }
}

TEST(ReadSampling, BestOfOutOfRange_IsInvalid) {
  v1::SampleRequest request;
  request.set_num_samples(3);
  for (const int best_of : {3, 4, 64}) {
    request.set_best_of(best_of);
    EXPECT_TRUE(Check(request).ok());
    EXPECT_EQ(NumTexts(request), best_of);
  }
  for (const int best_of : {2, 0, 65}) {
    request.set_best_of(best_of);
    EXPECT_THAT(FieldsOf(Check(request)), ElementsAre("best_of"));
  }
  request.set_best_of(2);
  EXPECT_THAT(Check(request).error_message(), HasSubstr("is 2; must be num_samples (3) to 64"));
}

TEST(ReadSampling, TextsThatNoMessageHolds_AreInvalidWithTheBound) {
  v1::SampleRequest request;
  request.set_num_samples(2);
  request.mutable_stop()->set_max_chars(600);
  Violations violations;
  ReadSampling(request, kCap, /*response_bytes_max=*/4000, &violations);
  const grpc::Status status = ToGrpcStatus(ToStatus(violations));
  ASSERT_THAT(FieldsOf(status), ElementsAre("stop.max_chars"));
  EXPECT_THAT(status.error_message(), HasSubstr("at most 1000 characters"));
  // Log-probabilities also take space.
  request.mutable_stop()->set_max_chars(300);
  request.set_top_logprobs(0);
  violations = {};
  ReadSampling(request, kCap, /*response_bytes_max=*/4000, &violations);
  EXPECT_THAT(FieldsOf(ToGrpcStatus(ToStatus(violations))), ElementsAre("stop.max_chars"));
}

TEST(MemoryPerChar, IsAboutWhatALogprobTakes) {
  CharLogprob character = {.character = U'\U0001F600', .logprob = -1};
  for (int alternatives = 0; alternatives <= kTopLogprobsMax; alternatives += 10) {
    character.alternatives.assign(alternatives, {U'\U0001F601', -2});
    const auto bytes = static_cast<int64_t>(ToProto(character).SpaceUsedLong());
    const int64_t counted = MemoryPerChar({.top_logprobs = alternatives});
    EXPECT_LE(bytes, counted);
    EXPECT_GE(2 * bytes, counted);
  }
}

}  // namespace
}  // namespace runnel::server
