#include "tests/benchmark/studies/study_text.h"

#include <stdio.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

absl::StatusOr<std::string> ReadBible() {
  FILE* pipe = popen("bible -f gen1:1-rev22:21 2>/dev/null", "r");
  if (pipe == nullptr) return absl::InternalError("cannot start a process");
  std::string verses;
  char buffer[1 << 16];
  for (size_t bytes = 0; (bytes = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    verses.append(buffer, bytes);
  }
  if (pclose(pipe) != 0 || verses.empty()) {
    return absl::NotFoundError(
        "the King James Bible is not installed: run deploy/install-dependencies --text, or name a "
        "FILE");
  }
  // Verses come as "Ge1:1 In the beginning ..."; the model need not learn to count them.
  std::istringstream lines(verses);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    absl::StrAppend(&text, line.substr(line.find(' ') + 1), "\n");
  }
  return text;
}

}  // namespace

absl::StatusOr<Corpus> LoadStudyText(const std::string& path) {
  if (path.empty()) {
    auto bible = ReadBible();
    if (!bible.ok()) return bible.status();
    return Corpus::Load(StringSource(*bible), VocabularyKind::kCodePoints);
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path));
  }
  const std::string whole = text.str();
  return Corpus::Load(StringSource(whole), VocabularyKind::kCodePoints);
}

}  // namespace runnel
