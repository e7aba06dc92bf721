// The parts of the server that the calls of TextGenerationService use. Each call keeps a copy; the
// parts themselves outlive the calls.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_TEXT_GENERATION_PARTS_H_
#define RUNNEL_SERVER_TEXT_GENERATION_TEXT_GENERATION_PARTS_H_

#include <cstdint>

#include "core/pattern/pattern_cache.h"
#include "server/base/memory_budget.h"
#include "server/base/model_requests.h"
#include "server/text_generation/generation_pool.h"
#include "server/text_generation/reading_pool.h"

namespace runnel::server {

struct TextLimits {
  int chars_max = 0;              // of a text
  int texts_max = 0;              // that are written at a time
  int64_t message_bytes_max = 0;  // of a request or response
};

struct TextGenerationParts {
  ModelRequests& requests;  // models are looked up, prompts encoded
  PatternCache& patterns;   // of texts that must match one
  GenerationPool& generation;
  ReadingPool& readings;      // Score and FillBlanks
  MemoryBudget& text_memory;  // of texts that are read or written, and their requests
  TextLimits limits;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_TEXT_GENERATION_PARTS_H_
