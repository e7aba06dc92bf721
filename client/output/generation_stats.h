// Facts about written texts, for stderr.
#ifndef RUNNEL_CLIENT_OUTPUT_GENERATION_STATS_H_
#define RUNNEL_CLIENT_OUTPUT_GENERATION_STATS_H_

#include <ostream>
#include <string>
#include <vector>

#include "client/output/exit_code.h"
#include "runnel/v1/generation.pb.h"

namespace runnel::client {

// Returns one line about a written text: characters, version, seed, the reason why it ended,
// milliseconds and speed.
std::string GenerationStats(const v1::GenerationSummary& summary);

// Writes to `err` what a reader of the texts cannot see: the GenerationStats of each text, if
// `stats` is set, and the reason why a text is shorter than was asked for. Returns kUnreachable if
// the server ended a text because it is shutting down.
ExitCode ReportEnds(const std::vector<v1::GenerationSummary>& texts, bool stats, std::ostream& err);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_GENERATION_STATS_H_
