#include "tests/testing/allocations.h"

#include <gtest/gtest.h>

#include <new>
#include <thread>
#include <vector>

#include "core/math/aligned_vector.h"

namespace runnel {
namespace {

TEST(AllocationCounter, EveryThreadsAllocationsOfAnyForm_CountUntilItStops) {
  if (kNoAllocationCounts != nullptr) GTEST_SKIP() << kNoAllocationCounts;
  std::vector<int> plain;
  AlignedVector<float> aligned;
  std::vector<int> of_a_thread;
  AllocationCounter allocations;
  plain.resize(100);
  EXPECT_EQ(allocations.count(), 1);
  aligned.resize(100);
  EXPECT_EQ(allocations.count(), 2);
  delete[] new (std::nothrow) char[7];
  EXPECT_EQ(allocations.count(), 3);
  std::thread([&] { of_a_thread.resize(1000); }).join();
  allocations.Stop();
  EXPECT_GE(allocations.count(), 4);  // a thread that starts allocates too
  const int64_t counted = allocations.count();
  plain.resize(10'000);
  EXPECT_EQ(allocations.count(), counted);
  EXPECT_EQ(allocations.Describe().find(std::to_string(counted) + " allocations; bytes of the "
                                                                  "first: 400 400 7 "),
            0u);
}

TEST(AllocationCounter, PeakBytes_AreThoseAtTheSameTime) {
  if (kNoAllocationCounts != nullptr) GTEST_SKIP() << kNoAllocationCounts;
  AllocationCounter allocations;
  for (int i = 0; i < 3; ++i) {
    const std::vector<char> one(10'000);
    const std::vector<char> other(20'000);
  }
  const std::vector<char> small(5'000);
  allocations.Stop();
  EXPECT_GE(allocations.peak_bytes(), 30'000);
  EXPECT_LT(allocations.peak_bytes(), 31'000);
}

}  // namespace
}  // namespace runnel
