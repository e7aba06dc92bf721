// The only source of random numbers: a counter-based function of (seed, stream, position). A draw
// depends only on its purpose, never on earlier draws, on threads or on restarts.
#ifndef RUNNEL_CORE_MATH_RANDOM_H_
#define RUNNEL_CORE_MATH_RANDOM_H_

#include <cstdint>

namespace runnel {

// The streams of a seed, one for each purpose, which never overlap. Samples use their index (0, 1,
// ...) as the stream.
inline constexpr uint64_t kInitialWeightsStream = 0xFFFF'FFFF'0000'0000;
inline constexpr uint64_t kStateResetStream = 0xFFFF'FFFF'0000'0001;
inline constexpr uint64_t kMaskStream = 0xFFFF'FFFF'0000'0002;
inline constexpr uint64_t kLaneShiftStream = 0xFFFF'FFFF'0000'0003;
inline constexpr uint64_t kDropoutStream = 0xFFFF'FFFF'0001'0000;  // and the 65,535 after it

struct RandomBits {
  uint64_t low;
  uint64_t high;
};

// Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011), key `seed`,
// counter (position, stream).
RandomBits Random(uint64_t seed, uint64_t stream, uint64_t position);

// Uniform on [0, 1), in steps of 2^-53.
double RandomUniform(uint64_t seed, uint64_t stream, uint64_t position);

// Standard normal (Box and Muller, 1958).
double RandomNormal(uint64_t seed, uint64_t stream, uint64_t position);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_RANDOM_H_
