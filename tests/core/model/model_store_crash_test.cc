// A store whose process is killed, or whose machine loses its power, within any change of its
// folder; and one whose disk fails there.
#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/disk.h"
#include "core/model/model_store.h"
#include "tests/core/model/model_store_fixture.h"
#include "tests/testing/disk_trace.h"
#include "tests/testing/failing_change.h"
#include "tests/testing/sanitizer.h"
#include "tests/testing/temporary_folder.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What a client knows: the versions that there are, and the highest number that each model had.
struct Known {
  std::map<std::string, std::set<int>> versions;
  std::map<std::string, int> highest;
};

// One request of a client's.
struct Request {
  std::string model;
  int deletes = -1;  // a version; 0: all of them; -1: the request publishes
};

const std::vector<Request>& Requests() {
  static const auto* const requests = new std::vector<Request>({{"brook"},
                                                                {"brook"},
                                                                {"brook", /*deletes=*/2},
                                                                {"brook"},
                                                                {"river"},
                                                                {"brook", /*deletes=*/0},
                                                                {"brook"},
                                                                {"river", /*deletes=*/1}});
  return *requests;
}

// Sends a request, and notes in `known` what its answer says.
absl::Status Send(const Request& request, ModelStore* store, Known* known) {
  std::set<int>& versions = known->versions[request.model];
  if (request.deletes < 0) {
    const auto published = store->Publish(request.model, SmallModel());
    if (!published.ok()) return published.status();
    EXPECT_GT(published->version, known->highest[request.model]) << "a number was given twice";
    versions.insert(published->version);
    known->highest[request.model] = published->version;
    return absl::OkStatus();
  }
  absl::Status status = store->Delete({.name = request.model, .version = request.deletes});
  if (status.ok() && request.deletes == 0) versions.clear();
  if (status.ok()) versions.erase(request.deletes);
  return status;
}

// The versions that a store serves.
std::set<int> Served(ModelStore* store, const std::string& model) {
  std::set<int> served;
  const auto info = store->Get(model);
  if (!info.ok()) return served;
  for (const VersionInfo& version : info->versions) {
    EXPECT_EQ(version.damage, "");
    EXPECT_TRUE(store->Load({.name = model, .version = version.version}).ok());
    served.insert(version.version);
  }
  return served;
}

void ExpectNoTemporaryFiles(const std::string& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    EXPECT_FALSE(absl::EndsWith(entry.path().string(), kTemporarySuffix)) << entry.path();
  }
}

bool Includes(const std::set<int>& all, const std::set<int>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

// A store in `folder` serves all that was there before and after the request that was under way,
// and nothing that was there neither before nor after it: a request may delete several versions.
void ExpectKept(const std::string& folder, const Known& before, const Known& after) {
  const auto store = ModelStore::Open(folder, {});
  ASSERT_TRUE(store.ok()) << store.status();
  for (const std::string model : {"brook", "river"}) {
    const auto versions = [&](const Known& known) {
      const auto found = known.versions.find(model);
      return found == known.versions.end() ? std::set<int>() : found->second;
    };
    std::set<int> both;
    std::set<int> either = versions(before);
    for (const int version : versions(after)) {
      if (!either.insert(version).second) both.insert(version);
    }
    const std::set<int> served = Served(store->get(), model);
    EXPECT_TRUE(Includes(served, both)) << model << ": " << ::testing::PrintToString(served);
    EXPECT_TRUE(Includes(either, served)) << model << ": " << ::testing::PrintToString(served);
    Known known = before;
    EXPECT_TRUE(Send({model}, store->get(), &known).ok());
  }
  ExpectNoTemporaryFiles(folder);
}

TEST(ModelStoreCrash, AtAnyChange_LosesNothingThatWasAcknowledged) {
  const testing::TemporaryFolder folder;
  struct Acknowledged {
    size_t changes;
    Known known;
  };
  std::vector<Acknowledged> acknowledged = {{.changes = 0, .known = {}}};
  testing::DiskTrace trace(folder.path());
  {
    const auto store = ModelStore::Open(folder.path(), {}).value();
    Known known;
    for (const Request& request : Requests()) {
      ASSERT_TRUE(Send(request, store.get(), &known).ok());
      acknowledged.push_back({trace.changes(), known});
    }
  }
  disk::Observe(nullptr);
  constexpr int kSeeds = kSanitizer ? 2 : 8;
  size_t last = 0;  // of those acknowledged
  for (size_t count = 0; count <= trace.changes(); ++count) {
    while (last + 1 < acknowledged.size() && acknowledged[last + 1].changes <= count) ++last;
    const Known& before = acknowledged[last].known;
    const Known& after = acknowledged[std::min(last + 1, acknowledged.size() - 1)].known;
    for (int seed = -1; seed < kSeeds; ++seed) {
      SCOPED_TRACE(absl::StrCat(
          count, ", after ", count > 0 ? trace.Describe(count - 1) : "nothing", ", seed ", seed));
      const testing::TemporaryFolder left;
      if (seed < 0) {
        trace.LayOutKilled(count, left.path());
      } else {
        trace.LayOutPowerless(count, seed, left.path());
      }
      ExpectKept(left.path(), before, after);
    }
  }
}

TEST(ModelStoreCrash, ChangeThatFails_FailsOnlyItsRequest) {
  for (const int error : {ENOSPC, EIO}) {
    bool has_failed = true;
    for (int n = 1; has_failed; n += kSanitizer ? 4 : 1) {
      SCOPED_TRACE(absl::StrCat("change ", n, ", error ", error));
      const testing::TemporaryFolder folder;
      Known known;
      int refused = 0;
      const auto store = ModelStore::Open(folder.path(), {}).value();
      {
        testing::FailingChange failing(n, error);
        for (const Request& request : Requests()) {
          const absl::Status status = Send(request, store.get(), &known);
          if (status.ok()) continue;
          ++refused;
          EXPECT_THAT(status.message(), Not(HasSubstr(folder.path())));
          // What was to be deleted may be gone, or not.
          if (request.deletes == 0) known.versions[request.model].clear();
          if (request.deletes > 0) known.versions[request.model].erase(request.deletes);
        }
        has_failed = failing.has_failed();
      }
      EXPECT_LE(refused, 2);  // a later deletion finds nothing if a publication failed
      const auto next = ModelStore::Open(folder.path(), {}).value();
      for (const auto& [model, versions] : known.versions) {
        const std::set<int> served = Served(store.get(), model);
        EXPECT_EQ(Served(next.get(), model), served);
        EXPECT_TRUE(Includes(served, versions));
        EXPECT_TRUE(Send({model}, next.get(), &known).ok());
      }
      ExpectNoTemporaryFiles(folder.path());
    }
  }
}

}  // namespace
}  // namespace runnel
