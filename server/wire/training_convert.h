// Converts the options of networks and of training between the wire and the engine.
#ifndef RUNNEL_SERVER_WIRE_TRAINING_CONVERT_H_
#define RUNNEL_SERVER_WIRE_TRAINING_CONVERT_H_

#include <cstdint>

#include "core/base/violations.h"
#include "core/nn/network_config.h"
#include "core/text/vocabulary.h"
#include "core/train/training_options.h"
#include "google/protobuf/timestamp.pb.h"
#include "runnel/v1/training.pb.h"

namespace runnel::server {

// Sets the fields of `network` that are present in `wire` and leaves the others as they are. (The
// wire's message also describes the vocabulary, which is not read here.) Adds a violation for each
// field that is out of its bounds, under names like "network.hidden_size".
void ReadNetwork(const v1::NetworkConfig& wire, NetworkConfig* network, Violations* violations);

// Reads what `wire` says about the vocabulary, under names like "network.document_separator".
void ReadVocabulary(const v1::NetworkConfig& wire, VocabularyRules* rules, Violations* violations);

// Whether a field of `wire` limits how long training takes.
bool HasLimit(const v1::TrainingOptions& wire);
// Sets the options that are present in `wire` except its recipe, and leaves the others as they are,
// with two exceptions: an optimizer has its own learning rate and weight decay, and if one limit is
// present, only those present apply. Adds a violation for each unknown value of an enum.
void ReadTrainingOptions(const v1::TrainingOptions& wire, TrainingOptions* options,
                         Violations* violations);

// These fill in every field that has a meaning, so that a client can send the result as a request
// again.
v1::NetworkConfig ToProto(const NetworkConfig& network, const VocabularyRules& vocabulary);
v1::TrainingOptions ToProto(const TrainingOptions& options);

google::protobuf::Timestamp ToTimestamp(int64_t ms_since_1970);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_WIRE_TRAINING_CONVERT_H_
