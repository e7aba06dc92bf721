// The fields of an ImportModel request other than the file.
#ifndef RUNNEL_SERVER_MODELS_IMPORT_REQUEST_H_
#define RUNNEL_SERVER_MODELS_IMPORT_REQUEST_H_

#include <optional>
#include <string>

#include "core/model/model_file.h"
#include "core/model/pytorch_model.h"
#include "runnel/v1/models.pb.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

struct ImportRequest {
  std::string name;
  bool has_network = false;
  std::optional<CellType> cell;
  std::optional<VocabularyKind> vocabulary_kind;
  std::optional<int> min_char_count;
  PyTorchModelSpec spec;  // also has the cell and the vocabulary's kind, with defaults if absent
};

// Reads the first message of the call. Violations name fields by their path: "network.hidden_size".
ImportRequest ReadImportRequest(const v1::ImportModelRequest& message, Violations* violations);

// Adds a violation for each field that a file without Runnel's description needs and that the
// request does not have.
void RequireNetworkAndVocabulary(const ImportRequest& request, Violations* violations);

// Adds a violation for each field in which the request contradicts a file of Runnel's own format.
void CheckAgreement(const ImportRequest& request, const ModelDescription& file,
                    Violations* violations);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_MODELS_IMPORT_REQUEST_H_
