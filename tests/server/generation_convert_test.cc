#include "server/generation_convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <vector>

#include "tests/server/bad_request.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int64_t kCap = 1000;
constexpr int64_t kResponseBytes = 1 << 20;

grpc::Status Check(const v1::GenerateCharsRequest& request) {
  RequestProblems problems;
  ReadSampling(request, kCap, &problems);
  return ToGrpcStatus(problems);
}

grpc::Status Check(const v1::SampleRequest& request) {
  RequestProblems problems;
  ReadSampling(request, kCap, kResponseBytes, &problems);
  return ToGrpcStatus(problems);
}

TEST(ReadSampling, EmptyRequest_IsTheModelsOwnDistribution) {
  RequestProblems problems;
  const SamplingOptions options = ReadSampling(v1::GenerateCharsRequest(), kCap, &problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(options.temperature, 1);
  EXPECT_EQ(options.max_chars, 256);
  EXPECT_EQ(options.sample_index, 0u);
}

TEST(ReadSampling, DefaultLength_IsNeverAboveTheServersCap) {
  RequestProblems problems;
  EXPECT_EQ(ReadSampling(v1::GenerateCharsRequest(), 10, &problems).max_chars, 10);
  EXPECT_TRUE(problems.empty());
}

TEST(ReadSampling, SeedZero_IsASeed) {
  v1::GenerateCharsRequest request;
  request.mutable_sampling()->set_seed(0);
  RequestProblems problems;
  EXPECT_EQ(ReadSampling(request, kCap, &problems).seed, 0u);
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
      {"sampling.logit_bias", "has the key \"ab\"",
       [](auto* r) { (*r->mutable_sampling()->mutable_logit_bias())["ab"] = 1; }},
      {"stop.stop_sequences", "has an empty one",
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

TEST(ReadSampling, WhatComesLater_IsUnimplementedByName) {
  const std::vector<Case> cases = {
      {"sampling.top_k", "", [](auto* r) { r->mutable_sampling()->set_top_k(5); }},
      {"sampling.top_p", "", [](auto* r) { r->mutable_sampling()->set_top_p(0.5f); }},
      {"sampling.min_p", "", [](auto* r) { r->mutable_sampling()->set_min_p(0.5f); }},
      {"sampling.repetition_penalty", "",
       [](auto* r) { r->mutable_sampling()->set_repetition_penalty(1.5f); }},
      {"sampling.logit_bias", "",
       [](auto* r) { (*r->mutable_sampling()->mutable_logit_bias())["é"] = 1; }},
      {"sampling.pattern", "", [](auto* r) { r->mutable_sampling()->set_pattern("a*"); }},
      {"stop.stop_sequences", "", [](auto* r) { r->mutable_stop()->add_stop_sequences("."); }},
      {"stop.include_stop", "", [](auto* r) { r->mutable_stop()->set_include_stop(true); }},
      {"return_state", "", [](auto* r) { r->set_return_state(true); }},
      {"resume_state", "", [](auto* r) { r->set_resume_state("x"); }},
      {"top_logprobs", "", [](auto* r) { r->set_top_logprobs(0); }},
  };
  for (const Case& later : cases) {
    v1::GenerateCharsRequest request;
    later.set(&request);
    const grpc::Status status = Check(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << later.field;
    EXPECT_THAT(status.error_message(), StartsWith(later.field));
    EXPECT_THAT(status.error_message(), HasSubstr("is not available in this release"));
  }
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

TEST(ReadSampling, BestOf_IsOffWhenItEqualsNumSamples) {
  v1::SampleRequest request;
  request.set_num_samples(3);
  request.set_best_of(3);
  EXPECT_TRUE(Check(request).ok());
  request.set_best_of(4);
  EXPECT_EQ(Check(request).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  request.set_best_of(2);
  EXPECT_THAT(FieldsOf(Check(request)), ElementsAre("best_of"));
}

TEST(ReadSampling, TextsThatNoMessageHolds_AreInvalidWithTheBound) {
  v1::SampleRequest request;
  request.set_num_samples(2);
  request.mutable_stop()->set_max_chars(600);
  RequestProblems problems;
  ReadSampling(request, kCap, /*response_bytes_max=*/4000, &problems);
  const grpc::Status status = ToGrpcStatus(problems);
  ASSERT_THAT(FieldsOf(status), ElementsAre("stop.max_chars"));
  EXPECT_THAT(status.error_message(), HasSubstr("at most 1000 characters"));
}

}  // namespace
}  // namespace runnel::server
