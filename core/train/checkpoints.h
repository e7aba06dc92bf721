// The checkpoints of one training run: files from which another process continues it with the same
// bits.
//
// A checkpoint is a file `<folder>/checkpoint-<step>`: a header, the state as TrainingRun::Transfer
// lists it, and a checksum (XXH3-128) of both. The newest two are kept, so that a run whose newest
// is damaged continues from the one before. Numbers are little-endian.
//
//   bytes  0..7    "RnlCheck"
//   bytes  8..11   the format's number, 2
//   bytes 12..15   the length n of the arithmetic's name
//   bytes 16..31   the run, as a hash
//   n bytes        the arithmetic's name, for example "AVX2, f32"
//   the state
//   the last 16    the checksum of all bytes before
//
// For one thread at a time.
#ifndef RUNNEL_CORE_TRAIN_CHECKPOINTS_H_
#define RUNNEL_CORE_TRAIN_CHECKPOINTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/hash.h"
#include "core/train/training_run.h"

namespace runnel {

// The arithmetic in which this process trains: runs have the same bits only in the same one.
std::string TrainingArithmetic(TrainingPrecision precision);

class Checkpoints {
 public:
  // The checkpoints in `folder`, which must exist. `run` identifies what is trained: a hash of the
  // options, the network and the corpus. `arithmetic` is that of this process.
  Checkpoints(std::string folder, const Hash128& run, std::string arithmetic);

  // Writes the run's state; it is on disk when this returns. Then deletes all of the run's
  // checkpoints but the newest two. Errors of the file system; the checkpoints that there were are
  // then still there. ALREADY_EXISTS if something of another run has the checkpoint's name.
  absl::Status Save(TrainingRun* run);

  struct Restored {
    int64_t step = 0;                  // 0: there was no checkpoint, and the run is as it was
    std::string arithmetic;            // in which the checkpoint was made
    std::vector<std::string> damaged;  // why a newer checkpoint was set aside, a sentence each
  };
  // Carries the newest undamaged checkpoint's state into `run`, which has not begun. Damaged ones
  // are renamed to `<name>.damaged`; what a save left that was killed is deleted.
  // FAILED_PRECONDITION if the next one to try has another format than this release's, or is of
  // another run: that file and `run` are left as they are. Errors of the file system, for example
  // if a file cannot be opened. DATA_LOSS if the state is not what this release lists; `run` must
  // not be used then.
  absl::StatusOr<Restored> Restore(TrainingRun* run);

 private:
  std::string PathOf(int64_t step) const;
  // The steps that have a file whose name ends with `suffix`, the newest first.
  absl::StatusOr<std::vector<int64_t>> Steps(absl::string_view suffix = "") const;
  void DeleteOld(int64_t newest) const;
  absl::Status SetAside(const std::string& path) const;

  const std::string folder_;
  const Hash128 run_;
  const std::string arithmetic_;
  int64_t saved_step_ = 0;  // whose checkpoint holds the run's present state
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_CHECKPOINTS_H_
