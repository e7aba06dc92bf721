// Which sanitizer this build has, for tests whose limits of time and memory depend on it.
#ifndef RUNNEL_TESTS_TESTING_SANITIZER_H_
#define RUNNEL_TESTS_TESTING_SANITIZER_H_

namespace runnel {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif

inline constexpr bool kSanitizer = kAddressSanitizer || kThreadSanitizer;

}  // namespace runnel

#endif  // RUNNEL_TESTS_TESTING_SANITIZER_H_
