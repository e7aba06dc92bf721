#include "core/base/thread.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace runnel {
namespace {

TEST(PrepareThreadForMath, FlushesDenormalsOnItsThreadAlone) {
#if defined(__SSE__)
  volatile float smallest = std::numeric_limits<float>::min();
  float flushed = 1;
  std::thread([&] {
    PrepareThreadForMath();
    flushed = smallest / 4;
  }).join();
  EXPECT_EQ(flushed, 0.0f);
  float kept = 0;
  std::thread([&] { kept = smallest / 4; }).join();
  EXPECT_GT(kept, 0.0f);
#endif
}

}  // namespace
}  // namespace runnel
