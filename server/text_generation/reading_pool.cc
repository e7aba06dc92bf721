#include "server/text_generation/reading_pool.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel::server {

ReadingPool::ReadingPool(int threads, int active_max)
    : Admission(active_max, absl::StrCat("this server scores and fills at most ", active_max,
                                         " texts at a time")),
      executor_(threads, active_max) {}

void ReadingPool::Schedule(std::function<void()> slice) {
  // There is always room, because no more slices wait than texts are admitted.
  executor_.Submit(std::move(slice)).IgnoreError();
}

}  // namespace runnel::server
