// Models and jobs as tables and fields for people.
#ifndef RUNNEL_CLIENT_OUTPUT_MESSAGE_TEXT_H_
#define RUNNEL_CLIENT_OUTPUT_MESSAGE_TEXT_H_

#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "runnel/v1/models.pb.h"
#include "runnel/v1/training.pb.h"

namespace runnel::client {

// Returns "lstm 2x512", followed by " bidirectional" for a bidirectional network.
std::string NetworkText(const v1::NetworkConfig& network);

// Returns "2024-05-01 12:30:05" in UTC, or "" if `time` was never set.
std::string TimeText(const google::protobuf::Timestamp& time);

// Formats each model as one line about its newest version.
std::string ModelsTable(const google::protobuf::RepeatedPtrField<v1::Model>& models);

// Formats each version of the model as one line.
std::string VersionsTable(const v1::Model& model);

// Formats each job as one line.
std::string JobsTable(const google::protobuf::RepeatedPtrField<v1::TrainingJob>& jobs);

// Formats one job as a list of fields.
std::string JobFields(const v1::TrainingJob& job);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_MESSAGE_TEXT_H_
