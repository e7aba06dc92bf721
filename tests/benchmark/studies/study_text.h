// The text that a study is made on.
#ifndef RUNNEL_TESTS_BENCHMARK_STUDIES_STUDY_TEXT_H_
#define RUNNEL_TESTS_BENCHMARK_STUDIES_STUDY_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/text/corpus.h"

namespace runnel {

// Reads the file at `path`, or, if that is empty, the King James Bible without its verse numbers,
// from Debian's package bible-kjv. NOT_FOUND if that is not installed; errors as Corpus::Load.
absl::StatusOr<Corpus> LoadStudyText(const std::string& path);

}  // namespace runnel

#endif  // RUNNEL_TESTS_BENCHMARK_STUDIES_STUDY_TEXT_H_
