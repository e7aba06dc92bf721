#ifndef RUNNEL_CLIENT_GENERATION_STATS_H_
#define RUNNEL_CLIENT_GENERATION_STATS_H_

#include <string>

#include "runnel/v1/generation.pb.h"

namespace runnel::client {

// One line about a written text: characters, version, seed, why it ended, milliseconds, speed.
std::string GenerationStats(const v1::GenerationSummary& summary);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_GENERATION_STATS_H_
