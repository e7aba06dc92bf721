// Reads the network, the vocabulary and the options of a training request.
#ifndef RUNNEL_SERVER_TRAINING_TRAINING_PLAN_H_
#define RUNNEL_SERVER_TRAINING_TRAINING_PLAN_H_

#include "core/nn/network_config.h"
#include "core/text/vocabulary.h"
#include "core/train/recipe.h"
#include "core/train/training_options.h"
#include "runnel/v1/training.pb.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

// The choices of a request, with the recipe's choice wherever the request makes none.
struct TrainingPlan {
  NetworkConfig network;
  VocabularyRules vocabulary;
  TrainingOptions options;  // with a random seed if the request has none
  bool cell_given = false;  // whether the request or its base gives the cell
  GivenSizes given;         // the sizes that the request or its network gives
};

// Reads everything in `request` except the corpus. If `base` is not null, fields of the network
// that the request leaves out are those of `base`. Violations name fields by their path:
// "network.hidden_size".
TrainingPlan PlanTraining(const v1::TrainRequest& request, const NetworkConfig* base,
                          Violations* violations);

// Adds a violation for each field of `wire` that is set and differs from `base`, the base model's
// network.
void CheckAgainstBase(const v1::NetworkConfig& wire, const v1::NetworkConfig& base,
                      Violations* violations);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_TRAINING_PLAN_H_
