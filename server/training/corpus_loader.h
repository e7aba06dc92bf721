// Finds and loads the corpus that a training request names.
#ifndef RUNNEL_SERVER_TRAINING_CORPUS_LOADER_H_
#define RUNNEL_SERVER_TRAINING_CORPUS_LOADER_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/text/corpus.h"
#include "runnel/v1/training.pb.h"
#include "server/base/memory_budget.h"
#include "server/training/corpus_uploads.h"

namespace runnel::server {

// A corpus in memory, and the claim on the memory that it takes.
struct LoadedCorpus {
  std::unique_ptr<MemoryBudget::Claim> claim;
  Corpus corpus;
};

// By which vocabulary a corpus is read: a new one, or one that grows.
struct CorpusVocabulary {
  VocabularyRules rules;
  std::optional<Vocabulary> base;  // if set, `rules` do not count
};

// Shareable between threads; what it is given must outlive it.
class CorpusLoader {
 public:
  // `folder` is where corpus_path leads; empty: nowhere.
  CorpusLoader(std::string folder, CorpusUploads* uploads, MemoryBudget* memory)
      : folder_(std::move(folder)), uploads_(*uploads), memory_(*memory) {}

  // Reads files. The status names the field: text, corpus_path, corpus_id, or corpus if
  // there is none. UNAVAILABLE: stopped.
  absl::StatusOr<std::shared_ptr<const LoadedCorpus>> Load(
      const v1::TrainRequest& request, const CorpusVocabulary& vocabulary) const;

  // Ends all loading as soon as may be, also what is to come.
  void Stop() { stopped_ = true; }

  // The field that holds the request's corpus.
  static absl::string_view Field(const v1::TrainRequest& request);

 private:
  // The file that `relative` names. INVALID_ARGUMENT if it leads out of the folder or is no regular
  // file, NOT_FOUND, FAILED_PRECONDITION if there is no folder.
  absl::StatusOr<std::string> ResolvePath(const std::string& relative) const;
  // Errors call the file `name`: where the server keeps it is not told.
  absl::StatusOr<std::shared_ptr<const LoadedCorpus>> LoadFile(
      const std::string& path, const std::string& name, const CorpusVocabulary& vocabulary) const;
  // INVALID_ARGUMENT if no corpus may take so many bytes.
  absl::Status CheckAllMemory(int64_t bytes) const;
  absl::StatusOr<std::shared_ptr<const LoadedCorpus>> LoadSource(
      const TextSource& source, const CorpusVocabulary& vocabulary) const;
  absl::StatusOr<std::shared_ptr<const LoadedCorpus>> LoadField(
      const v1::TrainRequest& request, const CorpusVocabulary& vocabulary) const;

  const std::string folder_;
  CorpusUploads& uploads_;
  MemoryBudget& memory_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_CORPUS_LOADER_H_
