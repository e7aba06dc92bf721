// What a training request comes to.
#ifndef RUNNEL_SERVER_TRAINING_TRAINING_PLAN_H_
#define RUNNEL_SERVER_TRAINING_TRAINING_PLAN_H_

#include "core/nn/network_config.h"
#include "core/text/vocabulary.h"
#include "core/train/training_options.h"
#include "runnel/v1/training.pb.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

// What a request asks for, with the recipe's choice wherever it leaves one open.
struct TrainingPlan {
  NetworkConfig network;
  VocabularyRules vocabulary;
  TrainingOptions options;  // seed drawn if absent
  bool cell_given = false;  // by the request or by its base
  GivenSizes given;         // by the request or by what its network asks for
};

// Everything of `request` but the corpus. The network is `base`'s, if not null, where the request
// says nothing else. Violations name fields by their path: "network.hidden_size".
TrainingPlan PlanTraining(const v1::TrainRequest& request, const NetworkConfig* base,
                          Violations* violations);

// Adds a violation for each field that `wire` gives another value than the base model's network
// has.
void CheckAgainstBase(const v1::NetworkConfig& wire, const v1::NetworkConfig& base,
                      Violations* violations);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_TRAINING_PLAN_H_
