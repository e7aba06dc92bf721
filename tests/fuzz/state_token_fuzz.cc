// Decodes state tokens made of any bytes, and good tokens in which any bytes were changed and the
// checksum was made right again. Each must be refused, or a text of valid UTF-8 must continue from
// it.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "core/generate/single_stream.h"
#include "core/generate/state_token.h"
#include "core/text/utf8.h"
#include "tests/core/generate/random_model.h"

namespace {

using runnel::LanguageModel;
using runnel::SamplingOptions;
using runnel::Session;
using runnel::SingleStream;

constexpr size_t kHeaderBytes = 12;
constexpr size_t kBoundBytes = 30;  // header, format, model and precision

struct Case {
  std::shared_ptr<const LanguageModel> model;
  SamplingOptions options;  // the token's
  SamplingOptions others;
  std::string token;
};

Case MakeCase(std::shared_ptr<const LanguageModel> model) {
  Case made = {.model = std::move(model)};
  made.options = {.max_chars = 12, .return_state = true};
  made.options.pattern = runnel::ParsePattern("(?s)([a-d]|\xC3\xA9.?)*").value();
  made.options.stops = runnel::StopSequences::Create({"ab\xC3\xA9", "dd"}).value();
  made.others = {.repetition_penalty = 3, .max_chars = 5, .top_logprobs = 2};
  made.others.stops = runnel::StopSequences::Create({"a", "\xC3\xA9\xC3\xA9"}).value();
  made.others.include_stop = true;
  runnel::PatternCache patterns;
  runnel::Violations violations;
  BindToVocabulary(made.model->vocabulary, &patterns, &made.options, &violations);
  SingleStream stream(Session(made.model, made.options, {2, 3}));
  std::string text;
  for (int i = 0; i < 5; ++i) stream.Step(&text);
  stream.session().Interrupt(&text);
  made.token = EncodeStateToken(*stream.session().Save(), *made.model);
  return made;
}

void GoOn(const Case& from, const std::string& token) {
  const auto state = DecodeStateToken(token, *from.model);
  if (!state.ok()) return;
  for (const SamplingOptions& options : {from.options, from.others}) {
    auto session = Session::Resume(from.model, options, *state, {});
    if (!session.ok()) continue;
    if (!runnel::DecodeUtf8(SingleStream(*std::move(session)).WriteAll()).ok()) {
      std::cerr << "a text is not valid UTF-8\n";
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& cases = *new std::vector<Case>{
      MakeCase(runnel::LettersModel()), MakeCase(runnel::RandomModel(runnel::Vocabulary::Bytes()))};
  for (const Case& from : cases) {
    GoOn(from, std::string(reinterpret_cast<const char*>(data), size));
    // Each change takes three bytes: two for the place and one for the new value.
    std::string token = from.token;
    for (size_t i = 0; i + 2 < size && i < 3 * size_t{data[0]} % 12; i += 3) {
      const size_t at = size_t{data[i]} << 8 | data[i + 1];
      token[kBoundBytes + at % (token.size() - kBoundBytes)] = static_cast<char>(data[i + 2]);
    }
    const uint64_t checksum = XXH3_64bits(&token[kHeaderBytes], token.size() - kHeaderBytes);
    for (int i = 0; i < 8; ++i) token[4 + i] = static_cast<char>(checksum >> 8 * i);
    GoOn(from, token);
  }
  return 0;
}
