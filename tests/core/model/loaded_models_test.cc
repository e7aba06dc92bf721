#include "core/model/loaded_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/core/model/model_testing.h"

namespace runnel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Pointer = LoadedModels::ModelPointer;

Pointer Make(int version) {
  const ModelData data = SmallModel();
  auto model = std::make_shared<LoadedModel>();
  model->name = "brook";
  model->version = version;
  model->vocabulary = data.description.vocabulary;
  model->SetWeights(data.description.network, data.parameters);
  return model;
}

const int64_t kBytes = Make(1)->bytes();

std::vector<int> VersionsOf(const std::vector<Pointer>& models) {
  std::vector<int> versions;
  for (const Pointer& model : models) versions.push_back(model->version);
  return versions;
}

TEST(LoadedModels, TheLeastRecentlyUsedGivesWayAndIsHandedOut) {
  LoadedModels models(2 * kBytes);
  EXPECT_THAT(models.Add(Make(1)), IsEmpty());
  EXPECT_THAT(models.Add(Make(2)), IsEmpty());
  EXPECT_NE(models.Use("brook", 1), nullptr);
  EXPECT_THAT(VersionsOf(models.Add(Make(3))), ElementsAre(2));
  EXPECT_EQ(models.Use("brook", 2), nullptr);
  EXPECT_EQ(models.Use("river", 1), nullptr);
  EXPECT_NE(models.Use("brook", 1), nullptr);
  EXPECT_NE(models.Use("brook", 3), nullptr);
}

TEST(LoadedModels, HeldModelsStayAndFillTheBound) {
  LoadedModels models(2 * kBytes);
  const Pointer first = Make(1);
  Pointer second = Make(2);
  EXPECT_THAT(models.Add(first), IsEmpty());
  EXPECT_TRUE(models.CheckRoom().ok());
  EXPECT_THAT(models.Add(second), IsEmpty());
  const absl::Status full = models.CheckRoom();
  EXPECT_TRUE(absl::IsResourceExhausted(full));
  EXPECT_THAT(std::string(full.message()), HasSubstr(std::to_string(2 * kBytes)));
  EXPECT_THAT(models.Add(Make(3)), IsEmpty());
  second.reset();
  EXPECT_TRUE(models.CheckRoom().ok());
  EXPECT_THAT(VersionsOf(models.Add(Make(4))), ElementsAre(2, 3));
  EXPECT_EQ(models.Use("brook", 1), first);
}

TEST(LoadedModels, RemovedModelsAreHandedOutUnlessSomeoneHoldsThem) {
  LoadedModels models(2 * kBytes);
  Pointer held = Make(1);
  EXPECT_THAT(models.Add(held), IsEmpty());
  EXPECT_THAT(models.Add(Make(2)), IsEmpty());
  EXPECT_EQ(models.Remove("brook", 2)->version, 2);
  EXPECT_EQ(models.Remove("brook", 2), nullptr);
  EXPECT_EQ(models.Remove("brook", 1), nullptr);
  EXPECT_THAT(models.Add(Make(3)), IsEmpty());
  held.reset();
  EXPECT_THAT(VersionsOf(models.Add(Make(4))), ElementsAre(1));
}

}  // namespace
}  // namespace runnel
