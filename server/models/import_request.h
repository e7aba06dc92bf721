// What an ImportModel call asks for, beside the file.
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
  PyTorchModelSpec spec;  // everything else, and these two, at their defaults if absent
};

// Out of the first message. Violations name fields by their path: "network.hidden_size".
ImportRequest ReadImportRequest(const v1::ImportModelRequest& message, Violations* violations);

// Adds what is missing of the request for a file that says nothing of itself.
void RequireNetworkAndVocabulary(const ImportRequest& request, Violations* violations);

// Adds where the request says something else than Runnel's own file.
void CheckAgreement(const ImportRequest& request, const ModelDescription& file,
                    Violations* violations);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_MODELS_IMPORT_REQUEST_H_
