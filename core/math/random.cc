#include "core/math/random.h"

#include <cmath>
#include <numbers>

namespace runnel {
namespace {

double ToUniform(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

}  // namespace

RandomBits Random(uint64_t seed, uint64_t stream, uint64_t position) {
  uint32_t c0 = static_cast<uint32_t>(position);
  uint32_t c1 = static_cast<uint32_t>(position >> 32);
  uint32_t c2 = static_cast<uint32_t>(stream);
  uint32_t c3 = static_cast<uint32_t>(stream >> 32);
  uint32_t k0 = static_cast<uint32_t>(seed);
  uint32_t k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c0;
    const uint64_t p1 = uint64_t{0xCD9E8D57} * c2;
    const uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    const uint32_t n2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<uint32_t>(p1);
    c3 = static_cast<uint32_t>(p0);
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return {.low = uint64_t{c1} << 32 | c0, .high = uint64_t{c3} << 32 | c2};
}

double RandomUniform(uint64_t seed, uint64_t stream, uint64_t position) {
  return ToUniform(Random(seed, stream, position).low);
}

double RandomNormal(uint64_t seed, uint64_t stream, uint64_t position) {
  const RandomBits bits = Random(seed, stream, position);
  const double radius = std::sqrt(-2.0 * std::log1p(-ToUniform(bits.low)));
  return radius * std::cos(2.0 * std::numbers::pi * ToUniform(bits.high));
}

}  // namespace runnel
