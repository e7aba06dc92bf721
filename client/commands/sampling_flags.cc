#include "client/commands/sampling_flags.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/output/utf8.h"
#include "runnel/v1/generation.pb.h"

namespace runnel::client {
namespace {

v1::SamplingOptions* MutableSampling(google::protobuf::Message* request) {
  const auto* field = request->GetDescriptor()->FindFieldByName("sampling");
  return static_cast<v1::SamplingOptions*>(
      request->GetReflection()->MutableMessage(request, field));
}

// Parses "CHAR=VALUE". The last = is the separator, so that "==-100" forbids the character =.
void AddLogitBias(const std::string& text, v1::SamplingOptions* sampling) {
  constexpr char kFlag[] = "--logit-bias";
  RequireUtf8(kFlag, text);
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || CountChars(text.substr(0, equals)) != 1) {
    throw CLI::ValidationError(
        kFlag, absl::StrCat("\"", text, "\" is not one character, =, and a number"));
  }
  (*sampling->mutable_logit_bias())[text.substr(0, equals)] =
      ParseNumber<float>(kFlag, text.substr(equals + 1));
}

}  // namespace

void AddSamplingFlags(CLI::App& app, google::protobuf::Message* request, CommandState& state) {
  AddFieldFlags(app,
                {{"MODEL", "model", "A name, NAME:VERSION or NAME:LABEL", FieldText::kNotEmpty}},
                request, &state.flag_names);
  state.texts.Add(app, {"--prompt", "--prompt-file", "prompt", "Continue this text"}, request,
                  state.flag_names);
  AddFieldFlags(
      app,
      {{"--skip-unknown", "skip_unknown_prompt_chars",
        "Leave out prompt characters the model never saw"},
       {"--max-chars", "stop.max_chars", "Characters to write; 256 if absent"},
       {"--temperature", "sampling.temperature",
        "0: the likeliest; 1 if absent; above: more varied"},
       {"--seed", "sampling.seed", "The same seed, the same text"},
       {"--top-k", "sampling.top_k", "Draw among the k likeliest only"},
       {"--top-p", "sampling.top_p", "Draw from the likeliest with this share of the probability"},
       {"--min-p", "sampling.min_p", "At least this share of the likeliest one's probability"},
       {"--repetition-penalty", "sampling.repetition_penalty", "Above 1: repeat less"},
       {"--pattern", "sampling.pattern", "The text must match this regular expression"},
       {"--stop", "stop.stop_sequences", "End before this text; can be given several times"},
       {"--include-stop", "stop.include_stop", "End after the stop text instead"}},
      request, &state.flag_names);
  app.add_option_function<std::vector<std::string>>(
         "--logit-bias",
         [request](const std::vector<std::string>& values) {
           for (const std::string& value : values) AddLogitBias(value, MutableSampling(request));
         },
         "Nats added to a character's logit; -100 forbids it; can be given several times")
      ->allow_extra_args(false)
      ->type_name("CHAR=X");
  state.flag_names.emplace("sampling.logit_bias", "--logit-bias");
}

}  // namespace runnel::client
