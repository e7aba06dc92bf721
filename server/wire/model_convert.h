// Stored models as the wire shows them.
#ifndef RUNNEL_SERVER_WIRE_MODEL_CONVERT_H_
#define RUNNEL_SERVER_WIRE_MODEL_CONVERT_H_

#include <string>

#include "core/model/model_store.h"
#include "runnel/v1/models.pb.h"
#include "runnel/v1/training.pb.h"

namespace runnel::server {

v1::ModelVersion ToProto(const VersionInfo& version);
v1::Model ToProto(const ModelInfo& model);

// How training options stand in a model file: as JSON, with the wire's field names.
std::string ToModelFileJson(const v1::TrainingOptions& options);

// The same of a file from outside, which may hold any JSON there: only what this release knows.
// "{}" if it is nothing of the kind.
std::string WithKnownFieldsOnly(const std::string& model_file_json);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_WIRE_MODEL_CONVERT_H_
