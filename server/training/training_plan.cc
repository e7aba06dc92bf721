#include "server/training/training_plan.h"

#include <google/protobuf/text_format.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/random_id.h"
#include "server/wire/enum_convert.h"
#include "server/wire/training_convert.h"

namespace runnel::server {

TrainingPlan PlanTraining(const v1::TrainRequest& request, const NetworkConfig* base,
                          Violations* violations) {
  const v1::TrainingOptions& wire = request.training();
  Violations training;
  Recipe recipe = Recipe::kFast;
  ReadEnum("recipe", wire.recipe(), kRecipes, &recipe, &training);
  TrainingPlan plan{.network = base != nullptr ? *base : DefaultNetwork(recipe)};
  ReadNetwork(request.network(), &plan.network, violations);
  ReadVocabulary(request.network(), &plan.vocabulary, violations);
  plan.options = DefaultTraining(recipe, plan.network.bidirectional);
  ReadTrainingOptions(wire, &plan.options, &training);
  if (!wire.has_seed()) plan.options.seed = RandomSeed();
  Validate(plan.options, plan.network, &training);
  violations->AddPrefixed("training.", training);
  plan.cell_given = base != nullptr || request.network().cell_type() != v1::CELL_TYPE_UNSPECIFIED;
  plan.given = {.sequence_length = wire.has_sequence_length() || plan.network.bidirectional,
                .batch_size = wire.has_batch_size(),
                .limit = HasLimit(wire)};
  return plan;
}

void CheckAgainstBase(const v1::NetworkConfig& wire, const v1::NetworkConfig& base,
                      Violations* violations) {
  using google::protobuf::FieldDescriptor;
  using google::protobuf::TextFormat;
  const google::protobuf::Reflection& reflection = *wire.GetReflection();
  std::vector<const FieldDescriptor*> given;
  reflection.ListFields(wire, &given);
  for (const FieldDescriptor* field : given) {
    std::string wanted;
    std::string there;
    TextFormat::PrintFieldValueToString(wire, field, -1, &wanted);
    TextFormat::PrintFieldValueToString(base, field, -1, &there);
    if (wanted == there) continue;
    violations->Add(absl::StrCat("network.", field->name()),
                    absl::StrCat("is ", wanted, "; the base model has ", there));
  }
}

}  // namespace runnel::server
