#include "server/training/corpus_loader.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/out_of_memory.h"
#include "core/text/text_source.h"
#include "server/base/log.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {
namespace {

namespace fs = std::filesystem;

bool IsInside(const fs::path& folder, const fs::path& path) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

// Reads like another source, but fails with UNAVAILABLE once `stopped` is set.
class StoppableSource : public TextSource {
 public:
  StoppableSource(const TextSource& source, const std::atomic<bool>& stopped)
      : source_(source), stopped_(stopped) {}

  absl::Status Read(absl::FunctionRef<absl::Status(absl::string_view)> sink) const override {
    return source_.Read([&](absl::string_view piece) {
      return stopped_ ? absl::UnavailableError("the server is shutting down") : sink(piece);
    });
  }

 private:
  const TextSource& source_;
  const std::atomic<bool>& stopped_;
};

}  // namespace

absl::string_view CorpusLoader::Field(const v1::TrainRequest& request) {
  switch (request.corpus_case()) {
    case v1::TrainRequest::kText:
      return "text";
    case v1::TrainRequest::kCorpusPath:
      return "corpus_path";
    case v1::TrainRequest::kCorpusId:
      return "corpus_id";
    case v1::TrainRequest::CORPUS_NOT_SET:
      break;
  }
  return "corpus";
}

absl::StatusOr<std::shared_ptr<const LoadedCorpus>> CorpusLoader::Load(
    const v1::TrainRequest& request, const CorpusVocabulary& vocabulary) const {
  auto loaded = OrOutOfMemory("the corpus", [&] { return LoadField(request, vocabulary); });
  if (!loaded.ok()) {
    if (absl::IsUnavailable(loaded.status())) return loaded;
    if (absl::IsInvalidArgument(loaded.status())) return AtField(Field(request), loaded.status());
    return WithField(Field(request), loaded.status());
  }
  if (const int64_t marks = (*loaded)->corpus.byte_order_marks(); marks > 0) {
    LogLimited(
        LogLevel::kInfo, "byte order mark",
        absl::StrCat("the corpus for model ", request.model(), " (", Field(request), ") has ",
                     marks, marks == 1 ? " byte order mark" : " byte order marks",
                     " at the beginning of its text or documents; the model does not learn it"));
  }
  return loaded;
}

absl::StatusOr<std::shared_ptr<const LoadedCorpus>> CorpusLoader::LoadField(
    const v1::TrainRequest& request, const CorpusVocabulary& vocabulary) const {
  switch (request.corpus_case()) {
    case v1::TrainRequest::kText:
      return LoadSource(StringSource(request.text()), vocabulary);
    case v1::TrainRequest::kCorpusPath: {
      const absl::StatusOr<std::string> path = ResolvePath(request.corpus_path());
      if (!path.ok()) return path.status();
      return LoadFile(*path, Quoted(request.corpus_path()), vocabulary);
    }
    case v1::TrainRequest::kCorpusId: {
      const auto pin = uploads_.Find(request.corpus_id());
      if (!pin.ok()) return pin.status();
      return LoadFile((*pin)->path(), "corpus " + request.corpus_id(), vocabulary);
    }
    case v1::TrainRequest::CORPUS_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("is missing; set one of text, corpus_path and corpus_id");
}

absl::StatusOr<std::string> CorpusLoader::ResolvePath(const std::string& relative) const {
  const fs::path path(relative);
  const bool steps_up =
      std::any_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
  if (relative.empty() || relative.find('\0') != std::string::npos || path.is_absolute() ||
      steps_up) {
    return absl::InvalidArgumentError(
        absl::StrCat("is ", Quoted(relative),
                     "; must be a relative path below the server's corpus folder, without \"..\""));
  }
  if (folder_.empty()) {
    return absl::FailedPreconditionError("this server has no corpus folder (--corpus-dir)");
  }
  std::error_code error;
  const fs::path folder = fs::canonical(folder_, error);
  const fs::path file = error ? fs::path() : fs::canonical(folder / path, error);
  if (error) {
    return absl::NotFoundError(
        absl::StrCat("there is no file ", Quoted(relative), " in the server's corpus folder"));
  }
  if (!IsInside(folder, file)) {
    return absl::InvalidArgumentError(
        absl::StrCat("is ", Quoted(relative), ", which leads out of the server's corpus folder"));
  }
  if (!fs::is_regular_file(file, error)) {
    return absl::InvalidArgumentError(
        absl::StrCat("is ", Quoted(relative), ", which is not a regular file"));
  }
  return file.string();
}

absl::StatusOr<std::shared_ptr<const LoadedCorpus>> CorpusLoader::LoadFile(
    const std::string& path, const std::string& name, const CorpusVocabulary& vocabulary) const {
  std::error_code error;
  const auto bytes = static_cast<int64_t>(fs::file_size(path, error));
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot read ", name));
  // A file that is far too large is refused before it is read. A character has at most four bytes.
  constexpr int64_t kCharBytesMax = 4;
  const VocabularyRules& rules = vocabulary.base ? vocabulary.base->rules() : vocabulary.rules;
  if (rules.document_separator.empty()) {
    const absl::Status status = CheckAllMemory(bytes / kCharBytesMax);
    if (!status.ok()) return status;
  }
  auto loaded = LoadSource(FileSource(path), vocabulary);
  if (loaded.ok()) return loaded;
  return absl::Status(loaded.status().code(),
                      absl::StrReplaceAll(loaded.status().message(), {{path, name}}));
}

absl::Status CorpusLoader::CheckAllMemory(int64_t bytes) const {
  if (bytes <= memory_.bytes_max()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("needs ", bytes, " bytes of memory or more; at most ", memory_.bytes_max(),
                   " are available for corpora on this server"));
}

absl::StatusOr<std::shared_ptr<const LoadedCorpus>> CorpusLoader::LoadSource(
    const TextSource& source, const CorpusVocabulary& vocabulary) const {
  auto loaded = std::make_shared<LoadedCorpus>();
  const auto reserve = [&](int64_t bytes) -> absl::Status {
    if (absl::Status status = CheckAllMemory(bytes); !status.ok()) return status;
    auto claim = memory_.Take(bytes, "the corpus");
    if (!claim.ok()) return claim.status();
    loaded->claim = *std::move(claim);
    return absl::OkStatus();
  };
  const StoppableSource stoppable(source, stopped_);
  absl::StatusOr<Corpus> corpus = vocabulary.base
                                      ? Corpus::Load(stoppable, *vocabulary.base, reserve)
                                      : Corpus::Load(stoppable, vocabulary.rules, reserve);
  if (!corpus.ok()) return corpus.status();
  loaded->corpus = *std::move(corpus);
  return loaded;
}

}  // namespace runnel::server
