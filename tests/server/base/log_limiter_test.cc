#include "server/base/log_limiter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(LogLimiter, WritesTheFirstLinesOfAWindow_AndSaysHowManyWereNot) {
  LogLimiter limiter(3, absl::Seconds(10));
  const absl::Time begin = absl::UnixEpoch();
  int written = 0;
  for (int i = 0; i < 100; ++i) written += limiter.Admit("bad request", begin);
  EXPECT_EQ(written, 3);
  EXPECT_THAT(limiter.TakeSummaries(begin + absl::Seconds(9)), IsEmpty());
  EXPECT_THAT(limiter.TakeSummaries(begin + absl::Seconds(10)),
              ElementsAre("97 more lines of the kind \"bad request\" were not written within 10s"));
  EXPECT_THAT(limiter.TakeSummaries(begin + absl::Seconds(20)), IsEmpty());
  EXPECT_TRUE(limiter.Admit("bad request", begin + absl::Seconds(20)));
}

TEST(LogLimiter, QuietKinds_AreNotLimitedByOthers_AndNeedNoSummary) {
  LogLimiter limiter(1, absl::Seconds(10));
  const absl::Time begin = absl::UnixEpoch();
  EXPECT_TRUE(limiter.Admit("a", begin));
  EXPECT_FALSE(limiter.Admit("a", begin));
  for (int second = 0; second < 100; second += 10) {
    EXPECT_TRUE(limiter.Admit("b", begin + absl::Seconds(second)));
  }
}

TEST(LogLimiter, EndlesslyManyKinds_AreLimitedTogether) {
  LogLimiter limiter(1, absl::Seconds(10));
  int written = 0;
  for (int i = 0; i < 10'000; ++i) written += limiter.Admit(std::to_string(i), absl::UnixEpoch());
  EXPECT_LE(written, 201);
}

}  // namespace
}  // namespace runnel::server
