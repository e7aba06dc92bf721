#include "server/base/descriptors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <limits>
#include <string>

namespace runnel::server {
namespace {

using ::testing::HasSubstr;

TEST(ConnectionsMax, LeavesDescriptorsForFiles) {
  EXPECT_EQ(*ConnectionsMax(0, 1024), 768);
  EXPECT_EQ(*ConnectionsMax(768, 1024), 768);
  EXPECT_EQ(*ConnectionsMax(0, 64), 32);
  EXPECT_EQ(*ConnectionsMax(0, std::numeric_limits<int64_t>::max()), kConnectionsDefaultMax);
  EXPECT_EQ(*ConnectionsMax(50'000, 1 << 20), 50'000);
}

TEST(ConnectionsMax, MoreThanTheLimitAllows_IsRefusedWithTheNumbers) {
  const auto max = ConnectionsMax(769, 1024);
  ASSERT_FALSE(max.ok());
  EXPECT_THAT(std::string(max.status().message()),
              HasSubstr("--max-connections is 769; this process may have 1024 file descriptors"));
}

TEST(RaiseDescriptorLimit, RaisesTheSoftLimitToTheHardOne) {
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 200;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(DescriptorLimit(), 200);
  RaiseDescriptorLimit();
  rlimit raised = {};
  getrlimit(RLIMIT_NOFILE, &raised);
  EXPECT_EQ(raised.rlim_cur, before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace runnel::server
