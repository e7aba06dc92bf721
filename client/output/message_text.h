#ifndef RUNNEL_CLIENT_OUTPUT_MESSAGE_TEXT_H_
#define RUNNEL_CLIENT_OUTPUT_MESSAGE_TEXT_H_

#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "runnel/v1/models.pb.h"
#include "runnel/v1/training.pb.h"

namespace runnel::client {

// Models and jobs as tables and fields for people.

// "lstm 2x512", with " bidirectional" if it is.
std::string NetworkText(const v1::NetworkConfig& network);

// "2024-05-01 12:30:05" in UTC; empty if `time` was never set.
std::string TimeText(const google::protobuf::Timestamp& time);

// One line a model, about its newest version.
std::string ModelsTable(const google::protobuf::RepeatedPtrField<v1::Model>& models);

// One line a version.
std::string VersionsTable(const v1::Model& model);

std::string JobsTable(const google::protobuf::RepeatedPtrField<v1::TrainingJob>& jobs);

std::string JobFields(const v1::TrainingJob& job);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_MESSAGE_TEXT_H_
