// Uploaded corpora: `<folder>/<id>.txt`, valid UTF-8, kept across restarts.
//
// All together are bounded: a new one makes the oldest give way, except those that are being read.
// An upload under way is a temporary file, gone unless it is committed; the older ones give way
// when it is safely on disk. Thread-safe. Open, Append, Commit and Remove read and write files, and
// no other call waits for them.
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
#include "core/text/utf8.h"
#include "server/base/slots.h"

namespace runnel::server {

class CorpusUploads {
 public:
  static constexpr int kUnderWayMax = 32;  // uploads at a time

  struct Limits {
    int64_t upload_bytes_max = 0;  // of one
    int64_t total_bytes_max = 0;   // of all that are kept; as much again of those under way
  };

  // One upload under way. Calls: Append, then Commit; from one thread at a time.
  class Upload {
   public:
    ~Upload();
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    // INVALID_ARGUMENT: not UTF-8; RESOURCE_EXHAUSTED: too large, no room beside the corpora that
    // are being read and uploaded, or the disk is full.
    absl::Status Append(absl::string_view bytes);
    // Keeps the text and returns its id. INVALID_ARGUMENT: empty, or ends inside a character;
    // RESOURCE_EXHAUSTED: no room beside the corpora that are being read.
    absl::StatusOr<std::string> Commit();
    int64_t chars() const { return chars_; }

   private:
    friend class CorpusUploads;
    Upload(CorpusUploads* uploads, std::unique_ptr<Slots::Slot> slot, std::string id)
        : uploads_(*uploads), slot_(std::move(slot)), id_(std::move(id)) {}

    CorpusUploads& uploads_;
    const std::unique_ptr<Slots::Slot> slot_;
    const std::string id_;
    std::optional<AtomicFile> file_;  // from the first Append on
    Utf8Decoder decoder_;
    int64_t bytes_ = 0;
    int64_t chars_ = 0;
  };

  // Keeps a corpus from giving way while it is read.
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

  // Makes the folder if it is missing and removes what broken uploads left. Errors of
  // the file system.
  static absl::StatusOr<std::unique_ptr<CorpusUploads>> Open(const std::string& folder,
                                                             const Limits& limits);

  // RESOURCE_EXHAUSTED if there are kUnderWayMax. This must outlive the upload.
  absl::StatusOr<std::unique_ptr<Upload>> Begin();

  // NOT_FOUND if there is no corpus of that id. This must outlive the pin.
  absl::StatusOr<std::unique_ptr<Pin>> Find(const std::string& id);

  // Nothing happens if there is none of that id.
  void Remove(const std::string& id);

 private:
  struct Entry {
    int64_t bytes = 0;
    int64_t order = 0;  // older ones have smaller numbers
    int pins = 0;
  };

  CorpusUploads(std::string folder, const Limits& limits);

  void Scan();
  std::string Path(const std::string& id) const;
  // Counts `bytes` more of uploads under way. RESOURCE_EXHAUSTED if all of these do not fit, even
  // if every corpus gives way that can.
  absl::Status CountUnderWay(int64_t bytes);
  // RESOURCE_EXHAUSTED if `bytes` more do not fit, even if all give way that can.
  absl::Status CheckRoom(int64_t bytes);
  absl::Status CheckRoomLocked(int64_t bytes) const RUNNEL_REQUIRES(mutex_);
  // Takes the committed file in, and removes those that give way; or, with an error of CheckRoom,
  // removes it.
  absl::Status Keep(const std::string& id, int64_t bytes);
  // Forgets the oldest until `bytes` fit; their files are the caller's to remove.
  void MakeRoomLocked(int64_t bytes, std::vector<std::string>* gone) RUNNEL_REQUIRES(mutex_);

  const std::string folder_;
  const Limits limits_;
  Mutex mutex_;
  std::map<std::string, Entry> entries_ RUNNEL_GUARDED_BY(mutex_);  // by id
  int64_t total_bytes_ RUNNEL_GUARDED_BY(mutex_) = 0;
  int64_t next_order_ RUNNEL_GUARDED_BY(mutex_) = 0;
  int64_t under_way_bytes_ RUNNEL_GUARDED_BY(mutex_) = 0;
  Slots slots_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_CORPUS_UPLOADS_H_
