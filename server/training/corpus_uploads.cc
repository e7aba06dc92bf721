#include "server/training/corpus_uploads.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/disk.h"
#include "core/base/random_id.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kSuffix = ".txt";

}  // namespace

CorpusUploads::Upload::~Upload() {
  const MutexLock lock(&uploads_.mutex_);
  uploads_.under_way_bytes_ -= bytes_;
}

absl::Status CorpusUploads::Upload::Append(absl::string_view bytes) {
  const auto size = static_cast<int64_t>(bytes.size());
  bytes_ += size;
  absl::Status room = uploads_.CountUnderWay(size);
  if (bytes_ > uploads_.limits_.upload_bytes_max) {
    return absl::ResourceExhaustedError(absl::StrCat("the corpus is larger than the ",
                                                     uploads_.limits_.upload_bytes_max,
                                                     " bytes that this server takes"));
  }
  if (!room.ok()) return room;
  absl::Status status = decoder_.Decode(bytes, [this](char32_t) { ++chars_; });
  if (!status.ok()) return status;
  if (!file_.has_value()) {
    if (absl::Status present = uploads_.folder_.CheckPresent(); !present.ok()) return present;
    absl::StatusOr<AtomicFile> file = AtomicFile::Create(uploads_.Path(id_));
    if (!file.ok()) return uploads_.folder_.Explain(file.status());
    file_.emplace(*std::move(file));
  }
  return uploads_.folder_.Explain(file_->Append(bytes));
}

absl::StatusOr<std::string> CorpusUploads::Upload::Commit() {
  if (bytes_ == 0) return absl::InvalidArgumentError("is empty");
  if (absl::Status status = decoder_.Finish(); !status.ok()) return status;
  if (absl::Status status = uploads_.CheckRoom(bytes_); !status.ok()) return status;
  absl::Status status = uploads_.folder_.Explain(file_->Commit());
  if (!status.ok()) return status;
  status = uploads_.Keep(id_, bytes_);
  if (!status.ok()) return status;
  return id_;
}

CorpusUploads::Pin::~Pin() {
  const MutexLock lock(&uploads_.mutex_);
  const auto found = uploads_.entries_.find(id_);
  if (found != uploads_.entries_.end()) --found->second.pins;
}

CorpusUploads::CorpusUploads(OpenedFolder folder, const Limits& limits)
    : folder_(std::move(folder)),
      limits_(limits),
      slots_(kUnderWayMax, "corpora are being uploaded") {}

absl::StatusOr<std::unique_ptr<CorpusUploads>> CorpusUploads::Open(const std::string& folder,
                                                                   const Limits& limits,
                                                                   OpenedFolder::Report report) {
  auto opened = OpenedFolder::Open(folder, "the folder of the corpora", std::move(report));
  if (!opened.ok()) return opened.status();
  std::unique_ptr<CorpusUploads> uploads(new CorpusUploads(*std::move(opened), limits));
  uploads->Scan();
  return uploads;
}

void CorpusUploads::Scan() {
  struct Found {
    fs::file_time_type time;
    std::string id;
    int64_t bytes;
  };
  std::vector<Found> found;
  std::error_code error;
  for (fs::directory_iterator it(folder_.path(), error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (absl::EndsWith(name, kTemporarySuffix)) disk::Unlink(it->path());
    const std::string id(absl::StripSuffix(name, kSuffix));
    std::error_code ignored;
    if (id.size() == name.size() || !IsRandomId(id) || !it->is_regular_file(ignored)) continue;
    found.push_back(
        {it->last_write_time(ignored), id, static_cast<int64_t>(it->file_size(ignored))});
  }
  std::sort(found.begin(), found.end(),
            [](const Found& a, const Found& b) { return a.time < b.time; });
  const MutexLock lock(&mutex_);
  for (const Found& file : found) {
    entries_[file.id] = {.bytes = file.bytes, .order = next_order_++};
    total_bytes_ += file.bytes;
  }
}

std::string CorpusUploads::Path(const std::string& id) const {
  return absl::StrCat(folder_.path(), "/", id, kSuffix);
}

absl::StatusOr<std::unique_ptr<CorpusUploads::Upload>> CorpusUploads::Begin(
    const std::string& peer) {
  auto slot = slots_.Take(peer);
  if (!slot.ok()) return slot.status();
  return std::unique_ptr<Upload>(new Upload(this, *std::move(slot), RandomId()));
}

absl::StatusOr<std::unique_ptr<CorpusUploads::Pin>> CorpusUploads::Find(const std::string& id) {
  if (!IsRandomId(id)) {
    return absl::InvalidArgumentError(
        absl::StrCat("is ", Quoted(id), "; the id of a corpus is 32 digits of 0-9 and a-f"));
  }
  const MutexLock lock(&mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) {
    return absl::NotFoundError(absl::StrCat("there is no corpus ", id));
  }
  ++found->second.pins;
  return std::make_unique<Pin>(this, id, Path(id));
}

void CorpusUploads::Remove(const std::string& id) {
  {
    const MutexLock lock(&mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    total_bytes_ -= found->second.bytes;
    entries_.erase(found);
  }
  disk::Unlink(Path(id));
}

absl::Status CorpusUploads::CountUnderWay(int64_t bytes) {
  const MutexLock lock(&mutex_);
  under_way_bytes_ += bytes;
  return CheckRoomLocked(under_way_bytes_);
}

absl::Status CorpusUploads::CheckRoom(int64_t bytes) {
  const MutexLock lock(&mutex_);
  return CheckRoomLocked(bytes);
}

absl::Status CorpusUploads::CheckRoomLocked(int64_t bytes) const {
  int64_t pinned_bytes = 0;
  for (const auto& [id, entry] : entries_) {
    if (entry.pins > 0) pinned_bytes += entry.bytes;
  }
  if (pinned_bytes + bytes <= limits_.total_bytes_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the corpus does not fit into the ",
                                                   limits_.total_bytes_max,
                                                   " bytes that this server keeps"));
}

absl::Status CorpusUploads::Keep(const std::string& id, int64_t bytes) {
  std::vector<std::string> outdated;
  absl::Status status;
  {
    const MutexLock lock(&mutex_);
    status = CheckRoomLocked(bytes);  // others may have been pinned since
    if (status.ok()) {
      MakeRoomLocked(bytes, &outdated);
      entries_[id] = {.bytes = bytes, .order = next_order_++};
      total_bytes_ += bytes;
    } else {
      outdated.push_back(id);
    }
  }
  for (const std::string& gone : outdated) disk::Unlink(Path(gone));
  return status;
}

void CorpusUploads::MakeRoomLocked(int64_t bytes, std::vector<std::string>* gone) {
  while (total_bytes_ + bytes > limits_.total_bytes_max) {
    auto oldest = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (it->second.pins > 0) continue;
      if (oldest == entries_.end() || it->second.order < oldest->second.order) oldest = it;
    }
    if (oldest == entries_.end()) return;
    total_bytes_ -= oldest->second.bytes;
    gone->push_back(oldest->first);
    entries_.erase(oldest);
  }
}

}  // namespace runnel::server
