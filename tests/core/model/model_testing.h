// What the tests of this folder share: a folder of their own, a small model, a full disk.
#ifndef RUNNEL_TESTS_CORE_MODEL_MODEL_TESTING_H_
#define RUNNEL_TESTS_CORE_MODEL_MODEL_TESTING_H_

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/model/model_file.h"
#include "core/nn/network.h"

namespace runnel {

// A new folder, removed at the end.
class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    std::string pattern = ::testing::TempDir() + "/runnel_model_XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~FolderTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
};

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// Names in a folder, sorted.
inline std::vector<std::string> Names(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// While it lives, no file of this process grows beyond `bytes`: as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    before_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit_);
    const struct rlimit low = {bytes, limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &low);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    signal(SIGXFSZ, before_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  struct rlimit limit_ = {};
  void (*before_)(int) = SIG_DFL;
};

// A model whose weights are 1, 2, 3, ... eighths times `scale`.
inline ModelData SmallModel(float scale = 1) {
  ModelData model;
  model.description.network = {.cell = CellType::kRnnRelu, .num_layers = 2, .hidden_size = 3};
  model.description.vocabulary =
      Vocabulary::FromCodePoints({0, U'\n', U'"', U'\\', U'a', U'\u00E9', U'\u4E16', U'\U0001F600'})
          .value();
  model.description.parameter_count =
      MakeNetwork<float>(model.description.network, model.description.vocabulary.size())
          ->layout()
          .size();
  model.description.validation_loss = 1.25;
  model.description.chars_trained = 123456789012;
  model.description.training_job = "job-1";
  model.description.create_time_ms = 1700000000123;
  model.description.training = R"({"recipe":"fast","nested":{"list":[1,2.5,null]}})";
  model.parameters.resize(model.description.parameter_count);
  for (size_t i = 0; i < model.parameters.size(); ++i) {
    model.parameters[i] = scale * static_cast<float>(i + 1) / 8;
  }
  return model;
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_MODEL_MODEL_TESTING_H_
