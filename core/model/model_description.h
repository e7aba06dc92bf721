// The description of a model that a version file stores in addition to the weights. In the file it
// is JSON:
//
//   {"network": {"cell", "num_layers", "hidden_size", "bidirectional", "embedding_size"},
//    "vocabulary": {"kind", "characters", "min_char_count", "document_separator"},
//    "summary": {"training_job", "create_time_ms", "chars_trained", "validation_loss"},
//    "training": {...}}
//
// The vocabulary's min_char_count is only stored if it is above 1, and document_separator only if
// the text has documents. The symbols that these two add to the vocabulary come after the
// characters: first the end of a document, then the unknown character.
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

// Everything that a version stores except its weights.
struct ModelDescription {
  NetworkConfig network;
  Vocabulary vocabulary;
  int64_t parameter_count = 0;            // not in the JSON: it follows from the network
  std::optional<double> validation_loss;  // nats a character, in a float's range
  int64_t chars_trained = 0;
  std::string training_job;     // empty for an imported model
  int64_t create_time_ms = 0;   // since 1970, until the year 9999; 0: unknown
  std::string training = "{}";  // a JSON object that the caller chooses, kept as it is
};

std::string EncodeDescription(const ModelDescription& description);

// DATA_LOSS naming the fault. Impossible numbers in the summary are read as unknown.
absl::StatusOr<ModelDescription> DecodeDescription(absl::string_view json);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_MODEL_DESCRIPTION_H_
