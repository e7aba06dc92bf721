#ifndef RUNNEL_CLIENT_OUTPUT_GENERATION_STATS_H_
#define RUNNEL_CLIENT_OUTPUT_GENERATION_STATS_H_

#include <ostream>
#include <string>
#include <vector>

#include "client/output/exit_code.h"
#include "runnel/v1/generation.pb.h"

namespace runnel::client {

// One line about a written text: characters, version, seed, why it ended, milliseconds, speed.
std::string GenerationStats(const v1::GenerationSummary& summary);

// Tells on `err` what a reader of the texts would not see: of each its line, with `stats`, and why
// any is shorter than was asked for. kUnreachable if the server ended one.
ExitCode ReportEnds(const std::vector<v1::GenerationSummary>& texts, bool stats, std::ostream& err);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_GENERATION_STATS_H_
