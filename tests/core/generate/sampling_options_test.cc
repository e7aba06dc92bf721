#include "core/generate/sampling_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace runnel {
namespace {

using testing::ElementsAre;

TEST(SamplingOptions, Validate_NamesTheFieldTheValueAndTheBound) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto violations = [](const SamplingOptions& options) {
    Violations found;
    ValidateSampling(options, &found);
    ValidateStop(options, /*max_chars_cap=*/1000, &found);
    ValidateReport(options, &found);
    std::vector<std::string> list;
    for (const auto& v : found.list()) list.push_back(v.field + " " + v.description);
    return list;
  };
  EXPECT_THAT(violations({}), ElementsAre());
  EXPECT_THAT(
      violations(
          {.sampler = {.temperature = 0, .top_k = 1}, .max_chars = 1000, .top_logprobs = 20}),
      ElementsAre());
  EXPECT_THAT(violations({.sampler = {.temperature = -0.5f}, .max_chars = 1001}),
              ElementsAre("temperature is -0.5; must be 0 or more, and finite",
                          "max_chars is 1001; must be 1 to 1000"));
  EXPECT_THAT(violations({.sampler = {.temperature = kInfinity}, .max_chars = 0}),
              ElementsAre("temperature is inf; must be 0 or more, and finite",
                          "max_chars is 0; must be 1 to 1000"));
  EXPECT_THAT(violations({.sampler = {.temperature = std::nanf("")}}),
              ElementsAre("temperature is nan; must be 0 or more, and finite"));
  EXPECT_THAT(
      violations({.sampler = {.top_k = 0, .top_p = 1.0000001f, .min_p = -0.1f}}),
      ElementsAre("top_k is 0; must be 1 or more", "top_p is 1.0000001; must be above 0, at most 1",
                  "min_p is -0.1; must be 0 to 1"));
  EXPECT_THAT(violations({.repetition_penalty = 0, .top_logprobs = -1}),
              ElementsAre("repetition_penalty is 0; must be above 0, and finite",
                          "top_logprobs is -1; must be 0 to 20"));
  EXPECT_THAT(violations({.top_logprobs = 21}), ElementsAre("top_logprobs is 21; must be 0 to 20"));
}

}  // namespace
}  // namespace runnel
