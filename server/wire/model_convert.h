// Converts stored models to the wire's messages.
#ifndef RUNNEL_SERVER_WIRE_MODEL_CONVERT_H_
#define RUNNEL_SERVER_WIRE_MODEL_CONVERT_H_

#include <string>

#include "core/model/model_store.h"
#include "runnel/v1/models.pb.h"
#include "runnel/v1/training.pb.h"

namespace runnel::server {

v1::ModelVersion ToProto(const VersionInfo& version);
v1::Model ToProto(const ModelInfo& model);

// Writes training options as a model file stores them: as JSON, with the wire's field names.
std::string ToModelFileJson(const v1::TrainingOptions& options);

// Reduces the JSON of an imported file, which can be anything, to the training options that this
// release knows. Returns "{}" if the JSON does not hold training options.
std::string WithKnownFieldsOnly(const std::string& model_file_json);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_WIRE_MODEL_CONVERT_H_
