// Makes an expression and a text from any bytes. RE2 must accept every expression that our parser
// accepts, both must agree on whether the text matches, and the pattern must never allow bytes that
// are not UTF-8.
#include <re2/re2.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <string>

#include "core/pattern/pattern.h"
#include "core/text/utf8.h"

namespace {

using runnel::Pattern;
using runnel::Vocabulary;

// Maps bytes to characters that have a meaning in expressions, so that many expressions are
// well-formed.
constexpr char kAlphabet[] = "ab.*+?()|[]{}^$\\-,:=<>PQEsUdDwWxAz0123\n";
// Code points at the edges of the ranges of UTF-8, which random bytes hardly ever spell.
constexpr const char* kEscapes[] = {"\\x{7F}",   "\\x{80}",   "\\x{D7FF}",   "\\x{D800}",
                                    "\\x{DFFF}", "\\x{E000}", "\\x{10FFFF}", "\\x{110000}"};

bool Matches(const Pattern& pattern, const std::string& text) {
  Pattern::StatePtr state = pattern.Start();
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (state->allowed[byte] == 0) return false;
    state = pattern.Next(*state, byte);
  }
  return state->accepts;
}

// Returns whether every byte that is allowed next keeps the text valid UTF-8, along the text that
// `choices` picks.
bool AllowsUtf8Alone(const Pattern& pattern, const uint8_t* choices, size_t size) {
  Pattern::StatePtr state = pattern.Start();
  runnel::Utf8Machine utf8;
  for (size_t i = 0; i < size && state->can_continue(); ++i) {
    int chosen = -1;
    for (int j = 0; j < 256; ++j) {
      const auto byte = static_cast<uint8_t>(choices[i] + j);
      if (state->allowed[byte] == 0) continue;
      if (!utf8.Accepts(byte)) return false;
      if (chosen < 0) chosen = byte;
    }
    utf8.Advance(static_cast<uint8_t>(chosen));
    state = pattern.Next(*state, chosen);
  }
  return true;
}

std::string ExpressionOf(const uint8_t* data, size_t size) {
  std::string expression;
  for (size_t i = 0; i < size; ++i) {
    if (data[i] < 0x80) {
      expression += kAlphabet[data[i] % (sizeof(kAlphabet) - 1)];
    } else if (data[i] < 0xF0) {
      expression += kAlphabet[data[i] % 8];
    } else {
      expression += kEscapes[data[i] % std::size(kEscapes)];
    }
  }
  return expression;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const size_t text_size = size < 4 ? 0 : data[0] % 8;
  if (text_size + 1 > size) return 0;
  std::string text;
  for (size_t i = 1; i <= text_size; ++i) text += "ab0\n"[data[i] % 4];
  const std::string expression = ExpressionOf(data + text_size + 1, size - text_size - 1);
  const auto parsed = runnel::ParsePattern(expression);
  if (!parsed.ok()) return 0;
  const auto pattern = Pattern::Compile(*parsed, Vocabulary::Bytes());
  if (!pattern.ok()) return 0;
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 oracle(expression, options);
  if (!oracle.ok() || RE2::FullMatch(text, oracle) != Matches(**pattern, text)) {
    std::cerr << "disagrees with RE2: " << expression << " on " << text << "\n";
    std::abort();
  }
  if (!AllowsUtf8Alone(**pattern, data, size)) {
    std::cerr << "allows what is not UTF-8: " << expression << "\n";
    std::abort();
  }
  return 0;
}
