#include "server/generation_convert.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/text/utf8.h"
#include "server/random_id.h"

namespace runnel::server {
namespace {

constexpr int kTopLogprobsMax = 20;
constexpr int kUtf8BytesMax = 4;  // of one character

void CheckLogitBias(const v1::SamplingOptions& sampling, RequestProblems* problems) {
  constexpr absl::string_view kField = "sampling.logit_bias";
  if (sampling.logit_bias().empty()) return;
  for (const auto& [key, bias] : sampling.logit_bias()) {
    const auto chars = DecodeUtf8(key);
    if (!chars.ok() || chars->size() != 1) {
      problems->violations.Add(kField, absl::StrCat("has the key \"", absl::Utf8SafeCHexEscape(key),
                                                    "\"; a key must be one character"));
      return;
    }
    if (std::isnan(bias)) {
      problems->violations.Add(
          kField, absl::StrCat("is nan for ", DescribeChar(chars->front()), "; must be a number"));
      return;
    }
  }
  problems->AddUnavailable(kField);
}

void CheckUnavailableSampling(const v1::SamplingOptions& sampling, RequestProblems* problems) {
  if (sampling.has_top_k()) {
    problems->CheckUnavailable("sampling.top_k", sampling.top_k(), sampling.top_k() >= 1,
                               "1 or more",
                               /*off=*/false);
  }
  if (sampling.has_top_p()) {
    const float top_p = sampling.top_p();
    problems->CheckUnavailable("sampling.top_p", top_p, top_p > 0 && top_p <= 1,
                               "above 0, at most 1", top_p == 1);
  }
  const float min_p = sampling.min_p();
  problems->CheckUnavailable("sampling.min_p", min_p, min_p >= 0 && min_p <= 1, "0 to 1",
                             min_p == 0);
  if (sampling.has_repetition_penalty()) {
    const float penalty = sampling.repetition_penalty();
    problems->CheckUnavailable("sampling.repetition_penalty", penalty,
                               penalty > 0 && std::isfinite(penalty), "above 0, and finite",
                               penalty == 1);
  }
  CheckLogitBias(sampling, problems);
  if (!sampling.pattern().empty()) problems->AddUnavailable("sampling.pattern");
}

void CheckUnavailableStop(const v1::StopOptions& stop, RequestProblems* problems) {
  for (const std::string& sequence : stop.stop_sequences()) {
    if (!sequence.empty()) continue;
    problems->violations.Add("stop.stop_sequences", "has an empty one; none may be empty");
    break;
  }
  if (stop.stop_sequences_size() > 0) problems->AddUnavailable("stop.stop_sequences");
  if (stop.include_stop()) problems->AddUnavailable("stop.include_stop");
}

// What both requests have.
template <typename Request>
SamplingOptions ReadCommon(const Request& request, int64_t max_chars_cap,
                           RequestProblems* problems) {
  const v1::SamplingOptions& sampling = request.sampling();
  SamplingOptions options;
  if (sampling.has_temperature()) options.temperature = sampling.temperature();
  options.seed = sampling.has_seed() ? sampling.seed() : RandomSeed();
  options.max_chars = request.stop().has_max_chars() ? request.stop().max_chars()
                                                     : std::min(options.max_chars, max_chars_cap);
  Validate(options, max_chars_cap, &problems->violations);

  CheckUnavailableSampling(sampling, problems);
  CheckUnavailableStop(request.stop(), problems);
  if (request.return_state()) problems->AddUnavailable("return_state");
  if (!request.resume_state().empty()) problems->AddUnavailable("resume_state");
  if (request.has_top_logprobs()) {  // 0 asks for log-probabilities, too
    problems->CheckUnavailable(
        "top_logprobs", request.top_logprobs(),
        request.top_logprobs() >= 0 && request.top_logprobs() <= kTopLogprobsMax,
        absl::StrCat("0 to ", kTopLogprobsMax), /*off=*/false);
  }
  return options;
}

}  // namespace

SamplingOptions ReadSampling(const v1::GenerateCharsRequest& request, int64_t max_chars_cap,
                             RequestProblems* problems) {
  const SamplingOptions options = ReadCommon(request, max_chars_cap, problems);
  if (request.has_max_chars_per_message() && request.max_chars_per_message() < 1) {
    problems->violations.Add(
        "max_chars_per_message",
        absl::StrCat("is ", request.max_chars_per_message(), "; must be 1 or more"));
  }
  return options;
}

SamplingOptions ReadSampling(const v1::SampleRequest& request, int64_t max_chars_cap,
                             int64_t response_bytes_max, RequestProblems* problems) {
  const SamplingOptions options = ReadCommon(request, max_chars_cap, problems);
  const int samples = NumSamples(request);
  problems->violations.CheckRange("num_samples", samples, 1, kSamplesMax);
  if (request.has_best_of()) {
    problems->CheckUnavailable("best_of", request.best_of(),
                               request.best_of() >= samples && request.best_of() <= kSamplesMax,
                               absl::StrCat("num_samples (", samples, ") to ", kSamplesMax),
                               request.best_of() == samples);
  }
  const int64_t chars_max = response_bytes_max / kUtf8BytesMax;
  if (problems->violations.empty() && samples * options.max_chars > chars_max) {
    problems->violations.Add(
        "stop.max_chars",
        absl::StrCat("is ", options.max_chars, " for ", samples,
                     " samples; one response holds at most ", chars_max, " characters together"));
  }
  return options;
}

}  // namespace runnel::server
