// An expression and a text, from any bytes: what the pattern takes, RE2 takes, and they agree on
// the text.
#include <re2/re2.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "core/generate/pattern.h"

namespace {

using runnel::Pattern;
using runnel::Vocabulary;

// Bytes as characters that expressions are made of, so that many are well-formed.
constexpr char kAlphabet[] = "ab.*+?()|[]{}^$\\-,:=<>PQEsUdDwWxAz0123\n";

bool Matches(const Pattern& pattern, const std::string& text) {
  Pattern::StatePtr state = pattern.Start();
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (state->allowed[byte] == 0) return false;
    state = pattern.Next(*state, byte);
  }
  return state->accepts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const size_t text_size = size < 4 ? 0 : data[0] % 8;
  if (text_size + 1 > size) return 0;
  std::string text;
  for (size_t i = 1; i <= text_size; ++i) text += "ab0\n"[data[i] % 4];
  std::string expression;
  for (size_t i = text_size + 1; i < size; ++i) {
    expression +=
        data[i] < 0x80 ? kAlphabet[data[i] % (sizeof(kAlphabet) - 1)] : kAlphabet[data[i] % 8];
  }
  const auto pattern = Pattern::Compile(expression, Vocabulary::Bytes());
  if (!pattern.ok()) return 0;
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 oracle(expression, options);
  if (!oracle.ok() || RE2::FullMatch(text, oracle) != Matches(**pattern, text)) {
    std::cerr << "disagrees with RE2: " << expression << " on " << text << "\n";
    std::abort();
  }
  return 0;
}
