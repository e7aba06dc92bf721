#include "server/base/cgroup.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/testing/temporary_folder.h"

namespace runnel::server {
namespace {

class CgroupTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text) {
    const std::string full = folder_ / path;
    std::filesystem::create_directories(std::filesystem::path(full).parent_path());
    testing::WriteFile(full, text);
  }
  CgroupLimits Read() { return ReadCgroupLimits(folder_.path()); }

  testing::TemporaryFolder folder_;
};

constexpr char kVersion2Mount[] =
    "24 1 8:1 / / rw - ext4 /dev/sda rw\n"
    "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST_F(CgroupTest, NothingToRead_SetsNoLimit) {
  EXPECT_FALSE(Read().memory_bytes);
  EXPECT_FALSE(Read().processors);
}

TEST_F(CgroupTest, Version2_TakesTheLeastLimitOfTheGroupAndThoseAbove) {
  Write("proc/self/cgroup", "0::/system.slice/runnel.service\n");
  Write("proc/self/mountinfo", kVersion2Mount);
  Write("sys/fs/cgroup/system.slice/memory.max", "300000000\n");
  Write("sys/fs/cgroup/system.slice/cpu.max", "max 100000\n");
  Write("sys/fs/cgroup/system.slice/runnel.service/memory.max", "400000000\n");
  Write("sys/fs/cgroup/system.slice/runnel.service/cpu.max", "150000 100000\n");
  EXPECT_EQ(Read().memory_bytes, 300000000);
  EXPECT_EQ(Read().processors, 1.5);
  Write("sys/fs/cgroup/system.slice/memory.max", "max\n");
  EXPECT_EQ(Read().memory_bytes, 400000000);
}

TEST_F(CgroupTest, Version2_InAContainer_ReadsTheMountedGroup) {
  Write("proc/self/cgroup", "0::/\n");
  Write("proc/self/mountinfo", kVersion2Mount);
  Write("sys/fs/cgroup/memory.max", "500000000\n");
  Write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(Read().memory_bytes, 500000000);
  EXPECT_EQ(Read().processors, 0.5);
  Write("proc/self/cgroup", "0::/../elsewhere\n");  // moved out of its namespace's group
  EXPECT_EQ(Read().memory_bytes, 500000000);
}

constexpr char kVersion1Mounts[] =
    "30 24 0:25 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n"
    "33 30 0:28 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
    "36 30 0:31 / /sys/fs/cgroup/cpu,cpuacct rw shared:12 - cgroup cgroup rw,cpu,cpuacct\n";

TEST_F(CgroupTest, Version1_ReadsEachControllersGroup) {
  Write("proc/self/cgroup", "9:memory:/a/b\n4:cpu,cpuacct:/c\n1:name=systemd:/d\n");
  Write("proc/self/mountinfo", kVersion1Mounts);
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  Write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "419430400\n");
  Write("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
  Write("sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us", "-1\n");
  Write("sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Read().memory_bytes, 419430400);
  EXPECT_FALSE(Read().processors);
  Write("sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us", "250000\n");
  EXPECT_EQ(Read().processors, 2.5);
}

TEST_F(CgroupTest, Version1_InAContainer_TakesOffWhatIsMounted) {
  Write("proc/self/cgroup", "9:memory:/docker/abc/inner\n");
  Write("proc/self/mountinfo",
        "33 30 0:28 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "500000000\n");
  Write("sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "450000000\n");
  EXPECT_EQ(Read().memory_bytes, 450000000);
  Write("proc/self/cgroup", "9:memory:/docker/abc\n");
  EXPECT_EQ(Read().memory_bytes, 500000000);
}

TEST_F(CgroupTest, BothVersionsMounted_TakesTheLeast) {
  Write("proc/self/cgroup", "9:memory:/a\n0::/u\n");
  Write("proc/self/mountinfo",
        std::string(kVersion1Mounts) +
            "40 30 0:40 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw\n");
  Write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "600000000\n");
  Write("sys/fs/cgroup/unified/u/cpu.max", "100000 100000\n");
  EXPECT_EQ(Read().memory_bytes, 600000000);
  EXPECT_EQ(Read().processors, 1);
  Write("sys/fs/cgroup/unified/u/memory.max", "500000000\n");
  EXPECT_EQ(Read().memory_bytes, 500000000);
}

TEST_F(CgroupTest, MalformedLines_SetNoLimit) {
  Write("proc/self/cgroup", "\n:\n9:memory\n0::/a:b\n");
  Write("proc/self/mountinfo",
        "\n - \n1 2 3\n30 24 0:26 / /sys/fs/cgroup rw - cgroup2\n" + std::string(kVersion2Mount));
  Write("sys/fs/cgroup/a:b/memory.max", "garbage\n");
  Write("sys/fs/cgroup/a:b/cpu.max", "100000 0\n");
  EXPECT_FALSE(Read().memory_bytes);
  EXPECT_FALSE(Read().processors);
}

// With the system's own groups, where this process may make one.
TEST(CgroupOfThisProcess, MemoryLimit_IsFound) {
  const std::string version_2 = "/sys/fs/cgroup/runnel-test-" + std::to_string(getpid());
  const std::string version_1 = "/sys/fs/cgroup/memory/runnel-test-" + std::to_string(getpid());
  const bool is_version_1 = std::filesystem::exists("/sys/fs/cgroup/memory/cgroup.procs");
  const std::string group = is_version_1 ? version_1 : version_2;
  std::error_code error;
  if (!std::filesystem::create_directory(group, error)) {
    GTEST_SKIP() << "cannot make a control group: " << error.message();
  }
  constexpr int64_t kLimit = 300 << 20;
  const std::string file = group + (is_version_1 ? "/memory.limit_in_bytes" : "/memory.max");
  const bool limited = static_cast<bool>(std::ofstream(file) << kLimit << std::flush);
  std::string before;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::string key = is_version_1 ? ":memory:" : "0::";
    const size_t at = line.find(key);
    if (at != std::string::npos) before = line.substr(at + key.size());
  }
  const bool moved = limited && static_cast<bool>(std::ofstream(group + "/cgroup.procs")
                                                  << getpid() << std::flush);
  const auto found = ReadCgroupLimits().memory_bytes;
  const std::string parent = is_version_1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
  std::ofstream(parent + before + "/cgroup.procs") << getpid() << std::flush;
  std::filesystem::remove(group, error);
  if (!moved) GTEST_SKIP() << "cannot limit a control group or move into it";
  ASSERT_TRUE(found);
  EXPECT_LE(*found, kLimit);
}

}  // namespace
}  // namespace runnel::server
