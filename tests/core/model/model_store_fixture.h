// A model store in a folder of its own.
#ifndef RUNNEL_TESTS_CORE_MODEL_MODEL_STORE_FIXTURE_H_
#define RUNNEL_TESTS_CORE_MODEL_MODEL_STORE_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "core/model/model_store.h"
#include "tests/core/model/model_testing.h"

namespace runnel {

class ModelStoreTest : public FolderTest {
 protected:
  ModelStoreTest() { Open(); }

  // As a restart of the server.
  void Open(const ModelStore::Options& options = {}) {
    store_ = ModelStore::Open(Path("models"), options).value();
  }

  // The same; reports are kept.
  void OpenAndListen() {
    Open({.report = [this](const std::string& report) { reports_.push_back(report); }});
  }

  std::string VersionPath(const std::string& name, int version) const {
    return Path("models/" + name + "/" + std::to_string(version) + ".safetensors");
  }
  int Publish(const std::string& name, float scale = 1) {
    return store_->Publish(name, SmallModel(scale)).value().version;
  }
  absl::StatusOr<std::shared_ptr<const LoadedModel>> Load(const std::string& reference) {
    return store_->Load(ParseModelReference(reference).value());
  }
  absl::Status Delete(const std::string& reference) {
    return store_->Delete(ParseModelReference(reference).value());
  }
  std::vector<int> Versions(const std::string& name) {
    std::vector<int> versions;
    const auto info = store_->Get(name);
    if (!info.ok()) return versions;
    for (const VersionInfo& version : info->versions) versions.push_back(version.version);
    return versions;
  }
  // Spoils a weight: the description stays readable.
  void SpoilWeights(const std::string& name, int version) const {
    std::string bytes = ReadFile(VersionPath(name, version));
    bytes.back() ^= 1;
    WriteFile(VersionPath(name, version), bytes);
  }
  void CutFile(const std::string& name, int version) const {
    const std::string path = VersionPath(name, version);
    WriteFile(path, ReadFile(path).substr(0, 100));
  }

  std::vector<std::string> reports_;
  std::unique_ptr<ModelStore> store_;
};

// The logits that a version gives to character 2: they tell the scales of SmallModel apart.
inline std::vector<float> LogitsOf(const LanguageModel& model) {
  const int32_t id = 2;
  std::vector<float> state(model.decoder->state_size());
  std::vector<float> logits(model.vocabulary.size());
  float* pointer = state.data();
  model.decoder->Step({&id, 1}, {&pointer, 1}, logits.data());
  return logits;
}

inline std::vector<float> LogitsOf(const ModelData& model) {
  LanguageModel language;
  language.vocabulary = model.description.vocabulary;
  language.decoder = MakeNetwork<float>(model.description.network, language.vocabulary.size())
                         ->NewDecoder(model.parameters.data());
  return LogitsOf(language);
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_MODEL_MODEL_STORE_FIXTURE_H_
