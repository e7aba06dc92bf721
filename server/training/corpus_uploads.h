// Keeps uploaded corpora as `<folder>/<id>.txt`, in valid UTF-8 and across restarts.
//
// All corpora together are bounded: a new one displaces the oldest ones, except those that are
// being read. An upload under way is a temporary file, which is deleted unless the upload is
// committed; older corpora are only deleted once the new one is safely on disk. Thread-safe. Open,
// Append, Commit and Remove read and write files; no other call waits for them.
#ifndef RUNNEL_SERVER_TRAINING_CORPUS_UPLOADS_H_
#define RUNNEL_SERVER_TRAINING_CORPUS_UPLOADS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/atomic_file.h"
#include "core/base/mutex.h"
#include "core/base/opened_folder.h"
#include "core/text/utf8.h"
#include "server/base/fair_slots.h"

namespace runnel::server {

class CorpusUploads {
 public:
  static constexpr int kUnderWayMax = 32;  // uploads under way at a time

  struct Limits {
    int64_t upload_bytes_max = 0;  // of one corpus
    int64_t total_bytes_max = 0;   // of all kept corpora; uploads under way may take as much again
  };

  // One upload under way. Call Append any number of times, then Commit, from one thread at a time.
  class Upload {
   public:
    ~Upload();
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    // INVALID_ARGUMENT if the text is not UTF-8. RESOURCE_EXHAUSTED if it is too large, if it does
    // not fit next to the corpora that are being read and uploaded, or if the disk is full.
    // FAILED_PRECONDITION if the folder is gone. Messages name files relative to it.
    absl::Status Append(absl::string_view bytes);
    // Keeps the text and returns its id. INVALID_ARGUMENT if the text is empty or ends inside a
    // character. RESOURCE_EXHAUSTED if it does not fit next to the corpora that are being read.
    // FAILED_PRECONDITION if the folder is gone.
    absl::StatusOr<std::string> Commit();
    int64_t chars() const { return chars_; }

   private:
    friend class CorpusUploads;
    Upload(CorpusUploads* uploads, std::unique_ptr<FairSlots::Slot> slot, std::string id)
        : uploads_(*uploads), slot_(std::move(slot)), id_(std::move(id)) {}

    CorpusUploads& uploads_;
    const std::unique_ptr<FairSlots::Slot> slot_;
    const std::string id_;
    std::optional<AtomicFile> file_;  // since the first Append
    Utf8Decoder decoder_;
    int64_t bytes_ = 0;
    int64_t chars_ = 0;
  };

  // Protects a corpus from being displaced while it is read.
  class Pin {
   public:
    Pin(CorpusUploads* uploads, std::string id, std::string path)
        : uploads_(*uploads), id_(std::move(id)), path_(std::move(path)) {}
    ~Pin();
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    const std::string& path() const { return path_; }

   private:
    CorpusUploads& uploads_;
    const std::string id_;
    const std::string path_;
  };

  // Makes the folder if it is missing and removes the temporary files of broken uploads. `report`
  // is as that of OpenedFolder. Errors of the file system.
  static absl::StatusOr<std::unique_ptr<CorpusUploads>> Open(const std::string& folder,
                                                             const Limits& limits,
                                                             OpenedFolder::Report report = nullptr);

  // RESOURCE_EXHAUSTED if kUnderWayMax uploads are under way, or those of `peer` have their share,
  // as in FairSlots. This object must outlive the upload.
  absl::StatusOr<std::unique_ptr<Upload>> Begin(const std::string& peer);

  // INVALID_ARGUMENT if `id` does not look like an id, NOT_FOUND if there is no corpus with that
  // id. This object must outlive the pin.
  absl::StatusOr<std::unique_ptr<Pin>> Find(const std::string& id);

  // Does nothing if there is no corpus with that id.
  void Remove(const std::string& id);

 private:
  struct Entry {
    int64_t bytes = 0;
    int64_t order = 0;  // older ones have smaller numbers
    int pins = 0;
  };

  CorpusUploads(OpenedFolder folder, const Limits& limits);

  void Scan();
  std::string Path(const std::string& id) const;
  // Adds `bytes` to the size of all uploads under way. RESOURCE_EXHAUSTED if these do not fit even
  // after every corpus that is not being read is displaced.
  absl::Status CountUnderWay(int64_t bytes);
  // RESOURCE_EXHAUSTED if `bytes` do not fit even after every corpus that is not being read is
  // displaced.
  absl::Status CheckRoom(int64_t bytes);
  absl::Status CheckRoomLocked(int64_t bytes) const RUNNEL_REQUIRES(mutex_);
  // Counts the committed file among the kept ones and removes those that it displaces. If CheckRoom
  // fails, removes the committed file instead and returns that error.
  absl::Status Keep(const std::string& id, int64_t bytes);
  // Forgets the oldest corpora until `bytes` fit, and adds their ids to `gone`. The caller removes
  // their files.
  void MakeRoomLocked(int64_t bytes, std::vector<std::string>* gone) RUNNEL_REQUIRES(mutex_);

  const OpenedFolder folder_;
  const Limits limits_;
  Mutex mutex_;
  std::map<std::string, Entry> entries_ RUNNEL_GUARDED_BY(mutex_);  // by id
  int64_t total_bytes_ RUNNEL_GUARDED_BY(mutex_) = 0;
  int64_t next_order_ RUNNEL_GUARDED_BY(mutex_) = 0;
  int64_t under_way_bytes_ RUNNEL_GUARDED_BY(mutex_) = 0;
  FairSlots slots_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_CORPUS_UPLOADS_H_
