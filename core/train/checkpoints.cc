#include "core/train/checkpoints.h"

#include <errno.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/atomic_file.h"
#include "core/base/damaged.h"
#include "core/base/disk.h"
#include "core/base/file_error.h"
#include "core/base/folder.h"
#include "core/math/gemm_kernels.h"
#include "core/math/instruction_set.h"

namespace runnel {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr absl::string_view kPrefix = "checkpoint-";
constexpr absl::string_view kDamagedSuffix = ".damaged";
constexpr absl::string_view kMagic = "RnlCheck";
constexpr uint32_t kFormat = 2;
constexpr size_t kCheckpointsKept = 2;
constexpr size_t kPieceBytes = 1 << 20;

struct FixedHeader {
  char magic[8];
  uint32_t format;
  uint32_t arithmetic_bytes;
  Hash128 run;
};
static_assert(sizeof(FixedHeader) == 32);

template <typename T>
absl::string_view BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

// Appends to a file what a run lists, with the checksum of everything at the end.
class StateWriter : public StateStream {
 public:
  explicit StateWriter(AtomicFile* file) : file_(*file) {}

  void Append(absl::string_view bytes) {
    hasher_.Add(bytes);
    if (buffer_.size() + bytes.size() < kPieceBytes) {
      absl::StrAppend(&buffer_, bytes);
      return;
    }
    Write(buffer_);
    buffer_.clear();
    Write(bytes);
  }
  absl::Status Finish() {
    const Hash128 checksum = hasher_.Value();
    Append(BytesOf(checksum));
    Write(buffer_);
    return status_;
  }

 protected:
  void Bytes(absl::Span<char> bytes) override { Append({bytes.data(), bytes.size()}); }

 private:
  void Write(absl::string_view bytes) {
    if (status_.ok()) status_ = file_.Append(bytes);
  }

  AtomicFile& file_;
  Hasher hasher_;
  std::string buffer_;
  absl::Status status_;
};

// Reads the state from a file that is positioned there.
class StateReader : public StateStream {
 public:
  explicit StateReader(std::ifstream* file) : file_(*file) {}

 protected:
  void Bytes(absl::Span<char> bytes) override {
    file_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

 private:
  std::ifstream& file_;
};

struct OpenedCheckpoint {
  std::ifstream file;     // at the state
  int64_t state_end = 0;  // as a position in the file
  Hash128 run;
  std::string arithmetic;
};

// Opens a checkpoint's file once its checksum is found right. DATA_LOSS if the file is damaged, or
// is no regular file; FAILED_PRECONDITION if it has another format; errors of the file system.
absl::StatusOr<OpenedCheckpoint> OpenChecked(const std::string& path) {
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  if (type == std::filesystem::file_type::none) {
    return absl::ErrnoToStatus(error.value(), "cannot be read");
  }
  if (type != std::filesystem::file_type::regular) return Damaged("is not a regular file");
  const int64_t size = FileBytes(path);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno, "cannot be opened");
  FixedHeader header = {};
  file.read(reinterpret_cast<char*>(&header), sizeof(header));
  if (!file || std::memcmp(header.magic, kMagic.data(), kMagic.size()) != 0) {
    return Damaged("is not a checkpoint");
  }
  // Another release may lay out everything after the format's number in another way.
  if (header.format != kFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat("has format ", header.format, ", which this release does not know"));
  }
  Hash128 checksum;
  Hasher hasher;
  hasher.Add(BytesOf(header));
  std::string piece;
  const int64_t state_end = size - static_cast<int64_t>(sizeof(checksum));
  int64_t left = state_end - static_cast<int64_t>(sizeof(header));
  const bool has_arithmetic = header.arithmetic_bytes <= left;
  while (file && left > 0) {
    piece.resize(std::min<int64_t>(left, kPieceBytes));
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    hasher.Add(piece);
    left -= static_cast<int64_t>(piece.size());
  }
  file.read(reinterpret_cast<char*>(&checksum), sizeof(checksum));
  if (!file || left < 0 || !has_arithmetic || checksum != hasher.Value()) {
    return Damaged("is cut short, or bytes of it have changed");
  }
  OpenedCheckpoint opened = {.state_end = state_end,
                             .run = header.run,
                             .arithmetic = std::string(header.arithmetic_bytes, '\0')};
  file.seekg(sizeof(header));
  file.read(opened.arithmetic.data(), header.arithmetic_bytes);
  opened.file = std::move(file);
  return opened;
}

}  // namespace

std::string TrainingArithmetic(TrainingPrecision precision) {
  return absl::StrCat(ChosenInstructionSet(), ", ", GetGemmKernels(precision).name);
}

Checkpoints::Checkpoints(std::string folder, const Hash128& run, std::string arithmetic)
    : folder_(std::move(folder)), run_(run), arithmetic_(std::move(arithmetic)) {}

std::string Checkpoints::PathOf(int64_t step) const {
  return absl::StrCat(folder_, "/", kPrefix, step);
}

absl::StatusOr<std::vector<int64_t>> Checkpoints::Steps(absl::string_view suffix) const {
  const absl::StatusOr<std::vector<std::string>> names = NamesIn(folder_);
  if (!names.ok()) return names.status();
  std::vector<int64_t> steps;
  for (absl::string_view name : *names) {
    int64_t step = 0;
    if (absl::ConsumePrefix(&name, kPrefix) && absl::ConsumeSuffix(&name, suffix) &&
        absl::SimpleAtoi(name, &step) && step > 0 && absl::StrCat(step) == name) {
      steps.push_back(step);
    }
  }
  std::sort(steps.rbegin(), steps.rend());
  return steps;
}

absl::Status Checkpoints::Save(TrainingRun* run) {
  if (run->steps() == saved_step_) return absl::OkStatus();
  absl::StatusOr<AtomicFile> file = AtomicFile::Create(PathOf(run->steps()));
  if (!file.ok()) return file.status();
  FixedHeader header = {.format = kFormat,
                        .arithmetic_bytes = static_cast<uint32_t>(arithmetic_.size()),
                        .run = run_};
  std::memcpy(header.magic, kMagic.data(), kMagic.size());
  StateWriter writer(&*file);
  writer.Append(BytesOf(header));
  writer.Append(arithmetic_);
  run->Transfer(&writer);
  absl::Status status = writer.Finish();
  if (status.ok()) status = file->Commit();
  if (!status.ok()) return status;
  saved_step_ = run->steps();
  DeleteOld(saved_step_);
  return absl::OkStatus();
}

void Checkpoints::DeleteOld(int64_t newest) const {
  std::vector<int64_t> steps = Steps().value_or(std::vector<int64_t>());
  // Any above are of another run.
  steps.erase(steps.begin(), std::find(steps.begin(), steps.end(), newest));
  for (size_t i = kCheckpointsKept; i < steps.size(); ++i) disk::Unlink(PathOf(steps[i]));
  if (steps.size() < kCheckpointsKept) return;
  const int64_t oldest = steps[kCheckpointsKept - 1];
  for (const int64_t step : Steps(kDamagedSuffix).value_or(std::vector<int64_t>())) {
    if (step < oldest) disk::Unlink(absl::StrCat(PathOf(step), kDamagedSuffix));
  }
}

absl::Status Checkpoints::SetAside(const std::string& path) const {
  const std::string aside = absl::StrCat(path, kDamagedSuffix);
  std::error_code ignored;
  std::filesystem::remove_all(aside, ignored);  // a folder cannot replace a file, nor a file it
  return disk::Rename(path, aside) == 0 ? absl::OkStatus() : FileError("cannot set aside", path);
}

absl::StatusOr<Checkpoints::Restored> Checkpoints::Restore(TrainingRun* run) {
  const absl::StatusOr<std::vector<std::string>> names = NamesIn(folder_);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (absl::StartsWith(name, kPrefix) && absl::EndsWith(name, kTemporarySuffix)) {
      disk::Unlink(absl::StrCat(folder_, "/", name));
    }
  }
  const absl::StatusOr<std::vector<int64_t>> steps = Steps();
  if (!steps.ok()) return steps.status();
  Restored restored;
  const auto refused = [&](const absl::Status& status, int64_t step) {
    std::vector<std::string> reasons = restored.damaged;
    reasons.push_back(absl::StrCat(PathOf(step), " ", status.message()));
    return absl::Status(status.code(), absl::StrJoin(reasons, "; "));
  };
  for (const int64_t step : *steps) {
    absl::StatusOr<OpenedCheckpoint> opened = OpenChecked(PathOf(step));
    if (absl::IsDataLoss(opened.status())) {
      if (absl::Status status = SetAside(PathOf(step)); !status.ok()) return status;
      restored.damaged.push_back(absl::StrCat(kPrefix, step, " ", opened.status().message()));
      continue;
    }
    if (!opened.ok()) return refused(opened.status(), step);
    if (opened->run != run_) {
      return refused(absl::FailedPreconditionError("is of another run"), step);
    }
    restored.arithmetic = std::move(opened->arithmetic);
    StateReader reader(&opened->file);
    run->Transfer(&reader);
    if (!opened->file || opened->file.tellg() != opened->state_end) {
      return refused(Damaged("has another state than this release lists"), step);
    }
    restored.step = saved_step_ = run->steps();
    return restored;
  }
  return restored;
}

}  // namespace runnel
