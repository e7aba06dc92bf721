// The study `distances` measures how far back each cell can look.
//
// The text is lines of a key (one of 8 letters), noise (digits, at random), a mark and the key
// again: "c40817=c". The last character is a function of the first, which comes `distance`
// characters earlier; nothing in between helps. Training draws distances evenly from 1 to
// `distance`, so that there are easy lines to start with. The study then counts how often the most
// likely last character is right on new lines of exactly `distance`. A guess is right in 1 of 8.
#ifndef RUNNEL_TESTS_BENCHMARK_STUDIES_DISTANCES_H_
#define RUNNEL_TESTS_BENCHMARK_STUDIES_DISTANCES_H_

#include <CLI/CLI.hpp>

namespace runnel {

void AddDistancesStudy(CLI::App& app);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_STUDIES_DISTANCES_H_
