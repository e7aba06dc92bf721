// A training request on the wire and in the engine, both ways.
#ifndef RUNNEL_SERVER_TRAINING_CONVERT_H_
#define RUNNEL_SERVER_TRAINING_CONVERT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "core/text/vocabulary.h"
#include "core/train/training_options.h"
#include "google/protobuf/timestamp.pb.h"
#include "runnel/v1/training.pb.h"
#include "server/error_mapping.h"

namespace runnel::server {

// What a request asks for, with the recipe's choice wherever it leaves one open.
struct TrainingPlan {
  NetworkConfig network;
  VocabularyRules vocabulary;
  TrainingOptions options;  // seed drawn if absent
  bool batch_size_given = false;
  bool limit_given = false;  // epochs, max_steps or max_seconds
};

// Everything of `request` but the corpus. The network is `base`'s, if not null, where the request
// says nothing else. Problems name fields by their path: "network.hidden_size".
TrainingPlan PlanTraining(const v1::TrainRequest& request, const NetworkConfig* base,
                          RequestProblems* problems);

// None for an unspecified or unknown value.
std::optional<CellType> CellFromProto(v1::CellType wire);

// With every field that says something filled in, so that the result can be sent as
// a request again.
v1::NetworkConfig ToProto(const NetworkConfig& network, const VocabularyRules& vocabulary);
v1::TrainingOptions ToProto(const TrainingOptions& options);

// A problem for each field that `wire` gives another value than the base model's network has.
void CheckAgainstBase(const v1::NetworkConfig& wire, const v1::NetworkConfig& base,
                      Violations* violations);

google::protobuf::Timestamp ToTimestamp(int64_t ms_since_1970);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_CONVERT_H_
