// Converts the options of a generation request from the wire's types to the engine's.
#ifndef RUNNEL_SERVER_WIRE_GENERATION_CONVERT_H_
#define RUNNEL_SERVER_WIRE_GENERATION_CONVERT_H_

#include <cstdint>
#include <vector>

#include "core/generate/sampling_options.h"
#include "core/generate/session.h"
#include "runnel/v1/generation.pb.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

inline constexpr int kSamplesMax = 64;  // num_samples

// Reads everything but model and prompt. `max_chars_cap` is the server's.
SamplingOptions ReadSampling(const v1::GenerateCharsRequest& request, int64_t max_chars_cap,
                             Violations* violations);
// Also checks num_samples and best_of. `response_bytes_max` bounds the texts together.
SamplingOptions ReadSampling(const v1::SampleRequest& request, int64_t max_chars_cap,
                             int64_t response_bytes_max, Violations* violations);

// Returns the most bytes that a written character takes in a response that waits in memory.
int64_t MemoryPerChar(const SamplingOptions& options);

inline int NumSamples(const v1::SampleRequest& request) {
  return request.has_num_samples() ? request.num_samples() : 1;
}
// The number of texts that are drawn, at least NumSamples.
inline int NumTexts(const v1::SampleRequest& request) {
  return request.has_best_of() ? request.best_of() : NumSamples(request);
}

v1::FinishReason ToProto(FinishReason reason);
v1::CharLogprob ToProto(const CharLogprob& character);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_WIRE_GENERATION_CONVERT_H_
