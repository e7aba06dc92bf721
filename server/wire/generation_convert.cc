#include "server/wire/generation_convert.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/pattern/pattern_syntax.h"
#include "core/text/utf8.h"

namespace runnel::server {
namespace {

constexpr int kUtf8BytesMax = 4;  // of one character
// The bytes of a CharLogprob in addition to the character itself, and of each alternative in it.
constexpr int kLogprobBytesMax = 20;
constexpr int kAlternativeBytesMax = 16;

std::shared_ptr<const LogitBias> ReadLogitBias(const v1::SamplingOptions& sampling,
                                               Violations* violations) {
  constexpr absl::string_view kField = "logit_bias";
  if (sampling.logit_bias().empty()) return nullptr;
  if (sampling.logit_bias_size() > kLogitBiasMax) {
    violations->Add(kField, absl::StrCat("has ", sampling.logit_bias_size(),
                                         " characters; at most ", kLogitBiasMax));
    return nullptr;
  }
  auto bias = std::make_shared<LogitBias>();
  std::vector<CodePointRange> forbidden;
  for (const auto& [key, nats] : sampling.logit_bias()) {
    const std::optional<char32_t> one = OneCharacter(key);
    if (!one) {
      violations->Add(kField,
                      absl::StrCat("has the key ", Quoted(key), "; a key must be one character"));
      return nullptr;
    }
    const char32_t character = *one;
    if (nats <= kForbiddingBias) {
      forbidden.push_back({character, character});
    } else if (std::isfinite(nats)) {
      bias->entries.push_back({character, nats});
    } else {
      violations->Add(kField, absl::StrCat("is ", nats, " for ", DescribeChar(character),
                                           "; must be a number, and not infinite"));
      return nullptr;
    }
  }
  // A map has no fixed order, but the order of additions changes their sum.
  std::sort(bias->entries.begin(), bias->entries.end(),
            [](const auto& a, const auto& b) { return a.character < b.character; });
  bias->forbidden = CodePointSet::Of(std::move(forbidden));
  return bias;
}

void ReadStop(const v1::StopOptions& stop, int64_t max_chars_cap, SamplingOptions* options,
              Violations* violations) {
  options->max_chars =
      stop.has_max_chars() ? stop.max_chars() : std::min(options->max_chars, max_chars_cap);
  ValidateStop(*options, max_chars_cap, violations);
  options->include_stop = stop.include_stop();
  if (stop.stop_sequences_size() == 0) return;
  auto stops = StopSequences::Create({stop.stop_sequences().begin(), stop.stop_sequences().end()});
  if (stops.ok()) {
    options->stops = *std::move(stops);
  } else {
    violations->Add("stop_sequences", std::string(stops.status().message()));
  }
}

void ReadSampler(const v1::SamplingOptions& sampling, SamplingOptions* options,
                 Violations* violations) {
  SamplerOptions& sampler = options->sampler;
  if (sampling.has_temperature()) sampler.temperature = sampling.temperature();
  if (sampling.has_top_k()) sampler.top_k = sampling.top_k();
  if (sampling.has_top_p()) sampler.top_p = sampling.top_p();
  if (sampling.has_min_p()) sampler.min_p = sampling.min_p();
  if (sampling.has_repetition_penalty()) {
    options->repetition_penalty = sampling.repetition_penalty();
  }
  if (sampling.has_seed()) options->seed = sampling.seed();
  ValidateSampling(*options, violations);
  options->logit_bias = ReadLogitBias(sampling, violations);
  if (sampling.pattern().empty()) return;
  auto pattern = ParsePattern(sampling.pattern());
  if (pattern.ok()) {
    options->pattern = *std::move(pattern);
  } else {
    violations->Add("pattern", std::string(pattern.status().message()));
  }
}

// Reads what both requests have.
template <typename Request>
SamplingOptions ReadCommon(const Request& request, int64_t max_chars_cap, Violations* violations) {
  SamplingOptions options;
  Violations of_sampling;
  ReadSampler(request.sampling(), &options, &of_sampling);
  violations->AddPrefixed("sampling.", of_sampling);
  Violations of_stop;
  ReadStop(request.stop(), max_chars_cap, &options, &of_stop);
  violations->AddPrefixed("stop.", of_stop);
  options.return_state = request.return_state();
  if (request.has_top_logprobs()) options.top_logprobs = request.top_logprobs();
  ValidateReport(options, violations);
  return options;
}

// Returns the most bytes that one character takes in a response.
int64_t BytesPerChar(const SamplingOptions& options) {
  if (!options.top_logprobs) return kUtf8BytesMax;
  return kUtf8BytesMax + kLogprobBytesMax + int64_t{kAlternativeBytesMax} * *options.top_logprobs;
}

// The memory of a message of the response that has a short text: both objects, and a pointer to
// each.
constexpr int64_t kShortMessageBytes =
    2 * sizeof(void*) + sizeof(v1::CharLogprob) + sizeof(std::string);

}  // namespace

int64_t MemoryPerChar(const SamplingOptions& options) {
  if (!options.top_logprobs) return kUtf8BytesMax;
  return kUtf8BytesMax + kShortMessageBytes * (int64_t{1} + *options.top_logprobs);
}

SamplingOptions ReadSampling(const v1::GenerateCharsRequest& request, int64_t max_chars_cap,
                             Violations* violations) {
  SamplingOptions options = ReadCommon(request, max_chars_cap, violations);
  if (request.has_max_chars_per_message() && request.max_chars_per_message() < 1) {
    violations->Add("max_chars_per_message",
                    absl::StrCat("is ", request.max_chars_per_message(), "; must be 1 or more"));
  }
  return options;
}

SamplingOptions ReadSampling(const v1::SampleRequest& request, int64_t max_chars_cap,
                             int64_t response_bytes_max, Violations* violations) {
  SamplingOptions options = ReadCommon(request, max_chars_cap, violations);
  const int samples = NumSamples(request);
  violations->CheckRange("num_samples", samples, 1, kSamplesMax);
  if (request.has_best_of() && (request.best_of() < samples || request.best_of() > kSamplesMax)) {
    violations->Add("best_of", absl::StrCat("is ", request.best_of(), "; must be num_samples (",
                                            samples, ") to ", kSamplesMax));
  }
  const int64_t texts = NumTexts(request);
  const int64_t chars_max = response_bytes_max / BytesPerChar(options);
  if (violations->empty() && texts * options.max_chars > chars_max) {
    violations->Add("stop.max_chars", absl::StrCat("is ", options.max_chars, " for ", texts,
                                                   " texts; one response holds at most ", chars_max,
                                                   " characters together"));
  }
  return options;
}

v1::FinishReason ToProto(FinishReason reason) {
  switch (reason) {
    case FinishReason::kNone:
    case FinishReason::kNotFinite:  // ends with a status and without a summary
      return v1::FINISH_REASON_UNSPECIFIED;
    case FinishReason::kLength:
      return v1::FINISH_REASON_LENGTH;
    case FinishReason::kStopSequence:
      return v1::FINISH_REASON_STOP_SEQUENCE;
    case FinishReason::kPatternComplete:
      return v1::FINISH_REASON_PATTERN_COMPLETE;
    case FinishReason::kPatternImpossible:
      return v1::FINISH_REASON_PATTERN_IMPOSSIBLE;
    case FinishReason::kEndOfDocument:
      return v1::FINISH_REASON_END_OF_DOCUMENT;
    case FinishReason::kInterrupted:
      return v1::FINISH_REASON_DRAINING;
  }
  return v1::FINISH_REASON_UNSPECIFIED;
}

v1::CharLogprob ToProto(const CharLogprob& character) {
  v1::CharLogprob proto;
  AppendUtf8(character.character, proto.mutable_character());
  proto.set_logprob(static_cast<float>(character.logprob));
  for (const CharAlternative& alternative : character.alternatives) {
    v1::CharAlternative* added = proto.add_alternatives();
    AppendUtf8(alternative.character, added->mutable_character());
    added->set_logprob(static_cast<float>(alternative.logprob));
  }
  return proto;
}

}  // namespace runnel::server
