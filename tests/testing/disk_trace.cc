#include "tests/testing/disk_trace.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace runnel::testing {
namespace {

namespace fs = std::filesystem;
using Change = disk::Change;
using Kind = Change::Kind;

constexpr const char* kKindNames[] = {"create", "write",  "truncate",    "sync",         "rename",
                                      "link",   "unlink", "make folder", "remove folder"};

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A file or folder: as programs see it, as it is on the disk for certain, and the changes since.
struct Node {
  bool is_folder = false;
  std::string bytes;
  std::map<std::string, std::shared_ptr<Node>> entries;

  std::string synced_bytes;
  std::map<std::string, std::shared_ptr<Node>> synced_entries;
  struct Unsynced {
    // Of a file: a write or truncation.
    Kind kind = Kind::kWrite;
    int64_t offset = 0;
    std::string bytes;
    // Of a folder: `name` is now `node`, or nothing; a rename also frees `freed`.
    std::string name;
    std::string freed;
    std::shared_ptr<Node> node;
  };
  std::vector<Unsynced> unsynced;
};
using NodePointer = std::shared_ptr<Node>;

void Apply(const Node::Unsynced& change, std::string* bytes) {
  const auto end = static_cast<size_t>(change.offset) + change.bytes.size();
  if (change.kind == Kind::kTruncate) {
    bytes->resize(change.offset);
    return;
  }
  if (bytes->size() < end) bytes->resize(end);
  bytes->replace(change.offset, change.bytes.size(), change.bytes);
}

void Apply(const Node::Unsynced& change, std::map<std::string, NodePointer>* entries) {
  if (!change.freed.empty()) entries->erase(change.freed);
  if (change.node != nullptr) {
    (*entries)[change.name] = change.node;
  } else {
    entries->erase(change.name);
  }
}

}  // namespace

class DiskTrace::Disk {
 public:
  Disk() { root_->is_folder = true; }

  void Add(const std::string& path, std::string bytes, bool is_folder) {
    auto node = std::make_shared<Node>();
    node->is_folder = is_folder;
    node->bytes = node->synced_bytes = std::move(bytes);
    Node& parent = *Find(ParentOf(path));
    parent.entries[NameOf(path)] = parent.synced_entries[NameOf(path)] = node;
  }

  void Make(const Change& change, const std::string& bytes) {
    switch (change.kind) {
      case Kind::kCreate:
      case Kind::kMakeFolder: {
        auto node = std::make_shared<Node>();
        node->is_folder = change.kind == Kind::kMakeFolder;
        return SetEntry(change.path, node);
      }
      case Kind::kWrite:
      case Kind::kTruncate: {
        const NodePointer file = Find(change.path);
        file->unsynced.push_back({.kind = change.kind, .offset = change.offset, .bytes = bytes});
        return Apply(file->unsynced.back(), &file->bytes);
      }
      case Kind::kSync: {
        const NodePointer node = Find(change.path);
        node->synced_bytes = node->bytes;
        node->synced_entries = node->entries;
        node->unsynced.clear();
        return;
      }
      case Kind::kRename: {
        const NodePointer node = Find(change.path);
        const std::string parent = ParentOf(change.path);
        if (parent == ParentOf(change.to)) return SetEntry(change.to, node, NameOf(change.path));
        SetEntry(change.to, node);
        return SetEntry(change.path, nullptr);
      }
      case Kind::kLink:
        return SetEntry(change.to, Find(change.path));
      case Kind::kUnlink:
      case Kind::kRemoveFolder:
        return SetEntry(change.path, nullptr);
    }
  }

  // Writes what programs see.
  void Write(const fs::path& to) const {
    Write(
        *root_, to, [](const Node& node) { return node.bytes; },
        [](const Node& node) { return node.entries; });
  }
  // Writes what a loss of power leaves.
  void WritePowerless(uint64_t seed, const fs::path& to) const {
    std::mt19937_64 random(seed);
    const auto survives = [&](bool is_folder) {
      if (seed == 0) return false;
      if (seed == 1) return is_folder;
      return random() % 2 == 0;
    };
    const auto bytes_of = [&](const Node& node) {
      std::string bytes = node.synced_bytes;
      for (Node::Unsynced change : node.unsynced) {
        if (!survives(/*is_folder=*/false)) continue;
        if (random() % 4 == 0) change.bytes.resize(random() % (change.bytes.size() + 1));
        Apply(change, &bytes);
      }
      return bytes;
    };
    const auto entries_of = [&](const Node& node) {
      auto entries = node.synced_entries;
      for (const Node::Unsynced& change : node.unsynced) {
        if (survives(/*is_folder=*/true)) Apply(change, &entries);
      }
      return entries;
    };
    Write(*root_, to, bytes_of, entries_of);
  }

 private:
  static std::string ParentOf(const std::string& path) {
    return fs::path(path).parent_path().string();
  }
  static std::string NameOf(const std::string& path) { return fs::path(path).filename().string(); }

  NodePointer Find(const std::string& path) const {
    NodePointer node = root_;
    for (const fs::path& name : fs::path(path)) {
      if (name != "." && !name.empty()) node = node->entries.at(name.string());
    }
    return node;
  }
  void SetEntry(const std::string& path, NodePointer node, std::string freed = "") {
    Node& parent = *Find(ParentOf(path));
    parent.unsynced.push_back(
        {.name = NameOf(path), .freed = std::move(freed), .node = std::move(node)});
    Apply(parent.unsynced.back(), &parent.entries);
  }

  template <typename BytesOf, typename EntriesOf>
  static void Write(const Node& folder, const fs::path& to, const BytesOf& bytes_of,
                    const EntriesOf& entries_of) {
    for (const auto& [name, node] : entries_of(folder)) {
      if (node->is_folder) {
        fs::create_directory(to / name);
        Write(*node, to / name, bytes_of, entries_of);
      } else {
        std::ofstream(to / name, std::ios::binary) << bytes_of(*node);
      }
    }
  }

  NodePointer root_ = std::make_shared<Node>();
};

DiskTrace::DiskTrace(const std::string& folder) : folder_(fs::canonical(folder)) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_)) {
    const std::string path = fs::relative(entry.path(), folder_).string();
    if (entry.is_directory()) {
      folders_at_start_.push_back(path);
    } else {
      files_at_start_[path] = ReadFile(entry.path());
    }
  }
  std::sort(folders_at_start_.begin(), folders_at_start_.end());
  disk::Observe(this);
}

DiskTrace::~DiskTrace() { disk::Observe(nullptr); }

void DiskTrace::After(const Change& change) {
  Recorded recorded = {.change = change, .bytes = std::string(change.bytes)};
  for (std::string* path : {&recorded.change.path, &recorded.change.to}) {
    if (path->empty()) continue;
    const std::string normal = fs::path(*path).lexically_normal().string();
    absl::string_view relative = normal;
    if (relative == folder_) relative = ".";
    if (relative != "." && !absl::ConsumePrefix(&relative, absl::StrCat(folder_, "/"))) return;
    *path = std::string(relative);
  }
  recorded.change.bytes = {};
  const MutexLock lock(&mutex_);
  recorded_.push_back(std::move(recorded));
}

size_t DiskTrace::changes() const {
  const MutexLock lock(&mutex_);
  return recorded_.size();
}

std::string DiskTrace::Describe(size_t change) const {
  const MutexLock lock(&mutex_);
  const Change& recorded = recorded_.at(change).change;
  return absl::StrCat(kKindNames[static_cast<int>(recorded.kind)], " ", recorded.path,
                      recorded.to.empty() ? "" : " to ", recorded.to);
}

void DiskTrace::LayOutKilled(size_t count, const std::string& to) const {
  DiskAfter(count)->Write(to);
}

void DiskTrace::LayOutPowerless(size_t count, uint64_t seed, const std::string& to) const {
  DiskAfter(count)->WritePowerless(seed, to);
}

std::unique_ptr<const DiskTrace::Disk> DiskTrace::DiskAfter(size_t count) const {
  auto disk = std::make_unique<Disk>();
  for (const std::string& path : folders_at_start_) disk->Add(path, "", /*is_folder=*/true);
  for (const auto& [path, bytes] : files_at_start_) disk->Add(path, bytes, /*is_folder=*/false);
  const MutexLock lock(&mutex_);
  for (size_t i = 0; i < count; ++i) disk->Make(recorded_[i].change, recorded_[i].bytes);
  return disk;
}

}  // namespace runnel::testing
