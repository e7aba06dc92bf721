#include "core/base/thread.h"

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace runnel {

absl::StatusOr<std::thread> StartThread(std::function<void()> work) {
  try {  // the standard library reports by an exception; it ends here
    return std::thread(std::move(work));
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the system refused to start another thread (", error.code().message(),
                     "); use fewer threads, or raise the limit of processes"));
  }
}

void PrepareThreadForMath() {
#if defined(__SSE__)
  constexpr unsigned kFlushToZero = 0x8000;
  constexpr unsigned kDenormalsAreZero = 0x0040;
  _mm_setcsr(_mm_getcsr() | kFlushToZero | kDenormalsAreZero);
#endif
}

}  // namespace runnel
