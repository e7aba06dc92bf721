#include "core/base/disk.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/base/folder.h"
#include "core/base/read_file.h"
#include "tests/testing/disk_trace.h"
#include "tests/testing/temporary_folder.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using testing::TemporaryFolder;

// What a file holds, or "-" if there is none.
std::string Contents(const std::string& path) { return ReadWholeFile(path, 1 << 20).value_or("-"); }

class FailingDisk : public disk::Observer {
 public:
  // Lets the changes of a kind fail with `error`.
  FailingDisk(disk::Change::Kind kind, int error) : kind_(kind), error_(error) {
    disk::Observe(this);
  }
  ~FailingDisk() override { disk::Observe(nullptr); }

 private:
  int Before(disk::Change* change) override { return change->kind == kind_ ? error_ : 0; }

  const disk::Change::Kind kind_;
  const int error_;
};

TEST(Disk, FailingChange_IsNotMade) {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  ASSERT_TRUE(WriteFileAtomically(path, "text").ok());
  const FailingDisk disk(disk::Change::Kind::kUnlink, EIO);
  EXPECT_EQ(disk::Unlink(path), -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_EQ(Contents(path), "text");
}

TEST(Disk, ShortWrites_AreContinued) {
  struct ShortWrites : disk::Observer {
    int Before(disk::Change* change) override {
      if (change->kind == disk::Change::Kind::kWrite) change->bytes = change->bytes.substr(0, 3);
      return 0;
    }
  };
  const TemporaryFolder folder;
  ShortWrites short_writes;
  disk::Observe(&short_writes);
  EXPECT_TRUE(WriteFileAtomically(folder / "a", "ten bytes.").ok());
  disk::Observe(nullptr);
  EXPECT_EQ(Contents(folder / "a"), "ten bytes.");
}

// A folder of the traced disk after `count` changes.
class TraceTest : public ::testing::Test {
 protected:
  TraceTest() { std::filesystem::create_directory(folder_ / "traced"); }
  std::string Traced(const std::string& name) const { return folder_ / ("traced/" + name); }

  std::string EmptyFolder() {
    const std::string path = folder_ / ("copy" + std::to_string(++copies_));
    std::filesystem::create_directory(path);
    return path;
  }

  const TemporaryFolder folder_;
  int copies_ = 0;
};

TEST_F(TraceTest, Killed_LeavesAllChangesThatWereMade) {
  ASSERT_TRUE(WriteFileAtomically(Traced("old"), "old").ok());
  testing::DiskTrace trace(folder_ / "traced");
  ASSERT_TRUE(WriteFileAtomically(Traced("new"), "new").ok());
  const size_t created = trace.changes();
  ASSERT_EQ(disk::Rename(Traced("new"), Traced("newer")), 0);
  ASSERT_EQ(disk::Unlink(Traced("old")), 0);

  const std::string first = EmptyFolder();
  trace.LayOutKilled(created, first);
  EXPECT_EQ(Contents(first + "/old"), "old");
  EXPECT_EQ(Contents(first + "/new"), "new");
  const std::string all = EmptyFolder();
  trace.LayOutKilled(trace.changes(), all);
  EXPECT_THAT(NamesIn(all).value(), ElementsAre("newer"));
}

TEST_F(TraceTest, LossOfPower_LeavesWhatWasSynced) {
  testing::DiskTrace trace(folder_ / "traced");
  ASSERT_TRUE(WriteFileAtomically(Traced("synced"), "bytes").ok());
  const size_t synced = trace.changes();
  ASSERT_EQ(disk::Rename(Traced("synced"), Traced("renamed")), 0);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::string copy = EmptyFolder();
    trace.LayOutPowerless(synced, seed, copy);
    EXPECT_THAT(NamesIn(copy).value(), ElementsAre("synced")) << seed;
    EXPECT_EQ(Contents(copy + "/synced"), "bytes") << seed;
  }
  const std::string copy = EmptyFolder();
  trace.LayOutPowerless(trace.changes(), /*seed=*/0, copy);
  EXPECT_THAT(NamesIn(copy).value(), ElementsAre("synced"));
}

// What makes AtomicFile's order necessary.
TEST_F(TraceTest, LossOfPower_MayLeaveANameWithoutBytes) {
  testing::DiskTrace trace(folder_ / "traced");
  const int file = disk::OpenNew(Traced("a"));
  ASSERT_EQ(disk::Write(file, "bytes"), 5);
  close(file);
  const std::string copy = EmptyFolder();
  trace.LayOutPowerless(trace.changes(), /*seed=*/1, copy);
  EXPECT_EQ(Contents(copy + "/a"), "");
  const std::string lost = EmptyFolder();
  trace.LayOutPowerless(trace.changes(), /*seed=*/0, lost);
  EXPECT_THAT(NamesIn(lost).value(), IsEmpty());
}

// After a crash at any moment an atomic file is whole or absent.
TEST_F(TraceTest, AtomicFile_IsWholeOrAbsent) {
  testing::DiskTrace trace(folder_ / "traced");
  ASSERT_TRUE(WriteFileAtomically(Traced("a"), "bytes").ok());
  for (size_t count = 0; count <= trace.changes(); ++count) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
      const std::string copy = EmptyFolder();
      trace.LayOutPowerless(count, seed, copy);
      const std::string contents = Contents(copy + "/a");
      EXPECT_TRUE(contents == "-" || contents == "bytes") << contents << " after " << count;
      EXPECT_EQ(contents == "bytes" || count < trace.changes(), true) << "acknowledged, but lost";
    }
  }
}

}  // namespace
}  // namespace runnel
