// What a version file says of its model beside the weights, and how that stands in the file: as
// JSON,
//
//   {"network": {"cell", "num_layers", "hidden_size", "bidirectional", "embedding_size"},
//    "vocabulary": {"kind", "characters", "min_char_count", "document_separator"},
//    "summary": {"training_job", "create_time_ms", "chars_trained", "validation_loss"},
//    "training": {...}}
//
// Of the vocabulary, min_char_count is there if it is above 1, and document_separator if there are
// documents. The symbols that these bring follow the characters: the end of a document, then the
// unknown character.
#ifndef RUNNEL_CORE_MODEL_MODEL_DESCRIPTION_H_
#define RUNNEL_CORE_MODEL_MODEL_DESCRIPTION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/nn/network_config.h"
#include "core/text/vocabulary.h"

namespace runnel {

// Everything of a version but its weights.
struct ModelDescription {
  NetworkConfig network;
  Vocabulary vocabulary;
  int64_t parameter_count = 0;            // not in the JSON: the network's
  std::optional<double> validation_loss;  // nats a character, in a float's range
  int64_t chars_trained = 0;
  std::string training_job;     // empty: imported
  int64_t create_time_ms = 0;   // since 1970, until the year 9999; 0: unknown
  std::string training = "{}";  // a JSON object that the caller chooses, kept as it is
};

std::string EncodeDescription(const ModelDescription& description);

// DATA_LOSS naming what is wrong. Numbers of the summary that make no sense are read as unknown.
absl::StatusOr<ModelDescription> DecodeDescription(absl::string_view json);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_MODEL_DESCRIPTION_H_
