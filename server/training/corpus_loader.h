// Finds and loads the corpus that a training request names.
#ifndef RUNNEL_SERVER_TRAINING_CORPUS_LOADER_H_
#define RUNNEL_SERVER_TRAINING_CORPUS_LOADER_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

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

// The vocabulary with which a corpus is read: a new one by rules, or an existing one that gains the
// corpus's characters.
struct CorpusVocabulary {
  VocabularyRules rules;
  std::optional<Vocabulary> base;  // if set, its rules apply instead of `rules`
};

// Threads may share a loader. The objects that its constructor takes must outlive it.
class CorpusLoader {
 public:
  // A request's corpus_path is relative to `folder`; if `folder` is empty, it is refused.
  CorpusLoader(std::string folder, CorpusUploads* uploads, MemoryBudget* memory)
      : folder_(std::move(folder)), uploads_(*uploads), memory_(*memory) {}

  // Loads the request's corpus, which may mean reading a large file. The status names the field
  // that is at fault: text, corpus_path, corpus_id, or corpus if the request has none of them.
  // UNAVAILABLE after Stop.
  absl::StatusOr<std::shared_ptr<const LoadedCorpus>> Load(
      const v1::TrainRequest& request, const CorpusVocabulary& vocabulary) const;

  // Makes every call of Load fail as soon as possible, those under way and those to come.
  void Stop() { stopped_ = true; }

  // Names the field that holds the request's corpus.
  static absl::string_view Field(const v1::TrainRequest& request);

 private:
  // Returns the path of the file that `relative` names. INVALID_ARGUMENT if it leads out of the
  // folder or is not a regular file, NOT_FOUND if there is no such file, FAILED_PRECONDITION if the
  // server has no corpus folder.
  absl::StatusOr<std::string> ResolvePath(const std::string& relative) const;
  // Errors call the file `name`, so that clients do not learn where the server keeps it.
  absl::StatusOr<std::shared_ptr<const LoadedCorpus>> LoadFile(
      const std::string& path, const std::string& name, const CorpusVocabulary& vocabulary) const;
  // INVALID_ARGUMENT if even a lone corpus may not take so many bytes of memory.
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
