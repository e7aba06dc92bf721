#include "server/models/import_request.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/model/model_reference.h"
#include "core/text/utf8.h"
#include "server/wire/enum_convert.h"
#include "server/wire/training_convert.h"

namespace runnel::server {
namespace {

// The number of characters (scalar values) in Unicode.
constexpr int64_t kCharactersMax = 1'112'064;

void ReadNetworkOfFile(const v1::NetworkConfig& wire, ImportRequest* request,
                       Violations* violations) {
  NetworkConfig network;
  ReadNetwork(wire, &network, violations);
  request->cell = FromWire(kCellTypes, wire.cell_type());
  PyTorchModelSpec& spec = request->spec;
  spec.cell = network.cell;
  spec.bidirectional = network.bidirectional;
  if (wire.has_num_layers()) spec.num_layers = network.num_layers;
  if (wire.has_hidden_size()) spec.hidden_size = network.hidden_size;
  if (wire.has_embedding_size()) spec.embedding_size = network.embedding_size;
  if (wire.has_min_char_count() && wire.min_char_count() != 1) {
    violations->Add("network.min_char_count",
                    absl::StrCat("is ", wire.min_char_count(),
                                 "; must be 1 or absent, because an imported vocabulary is fixed"));
  }
  if (wire.has_min_char_count()) request->min_char_count = wire.min_char_count();
  if (!wire.document_separator().empty()) {
    violations->Add("network.document_separator",
                    "is given; must be absent, because an imported vocabulary is fixed");
  }
}

void ReadCharacters(const std::string& vocabulary, ImportRequest* request, Violations* violations) {
  const int64_t count = CountChars(vocabulary);
  if (count > kCharactersMax) {
    violations->Add("vocabulary", absl::StrCat("has ", count, " characters; at most ",
                                               kCharactersMax, ", as many as Unicode has"));
    return;
  }
  absl::StatusOr<std::vector<char32_t>> characters = DecodeUtf8(vocabulary);
  if (characters.ok()) {
    request->spec.characters = *std::move(characters);
  } else {
    violations->Add("vocabulary", std::string(characters.status().message()));
  }
}

void ReadVocabulary(const v1::ImportModelRequest& message, ImportRequest* request,
                    Violations* violations) {
  const v1::VocabularyKind kind = message.network().vocabulary();
  if (!v1::VocabularyKind_IsValid(kind)) {
    AddUnknownEnum("network.vocabulary", kind, violations);
  }
  if (kind == v1::VOCABULARY_KIND_BYTES) {
    request->vocabulary_kind = VocabularyKind::kBytes;
    if (!message.vocabulary().empty()) {
      violations->Add("vocabulary", "is given; must be empty if network.vocabulary is BYTES");
    }
  } else if (kind == v1::VOCABULARY_KIND_CODE_POINTS || !message.vocabulary().empty()) {
    request->vocabulary_kind = VocabularyKind::kCodePoints;
    ReadCharacters(message.vocabulary(), request, violations);
  }
  request->spec.vocabulary_kind = request->vocabulary_kind.value_or(VocabularyKind::kCodePoints);
}

}  // namespace

ImportRequest ReadImportRequest(const v1::ImportModelRequest& message, Violations* violations) {
  ImportRequest request{.name = message.name(), .has_network = message.has_network()};
  if (const absl::Status status = CheckModelName(request.name); !status.ok()) {
    violations->Add("name", std::string(status.message()));
  }
  ReadNetworkOfFile(message.network(), &request, violations);
  ReadVocabulary(message, &request, violations);
  return request;
}

void RequireNetworkAndVocabulary(const ImportRequest& request, Violations* violations) {
  if (!request.has_network) {
    violations->Add("network", "is missing; the file does not say which network it holds");
  } else if (!request.cell) {
    violations->Add("network.cell_type", "is missing; the file does not say which cell it holds");
  }
  if (request.vocabulary_kind != VocabularyKind::kBytes && request.spec.characters.empty()) {
    violations->Add("vocabulary", "is missing; the file does not say which characters it has");
  }
}

void CheckAgreement(const ImportRequest& request, const ModelDescription& file,
                    Violations* violations) {
  const NetworkConfig& network = file.network;
  if (request.cell && *request.cell != network.cell) {
    violations->Add("network.cell_type",
                    absl::StrCat("is ", CellTypeName(*request.cell), "; the file says ",
                                 CellTypeName(network.cell)));
  }
  Violations sizes;
  CheckSizes(request.spec, network, &sizes);
  violations->AddPrefixed("network.", sizes);
  if (request.spec.bidirectional && !network.bidirectional) {
    violations->Add("network.bidirectional", "is true; the file says false");
  }
  const int min_char_count = file.vocabulary.rules().min_char_count;
  if (request.min_char_count && *request.min_char_count != min_char_count) {
    violations->Add("network.min_char_count", absl::StrCat("is ", *request.min_char_count,
                                                           "; the file says ", min_char_count));
  }
  if (!request.vocabulary_kind) return;
  if (*request.vocabulary_kind != file.vocabulary.kind()) {
    violations->Add("network.vocabulary", file.vocabulary.kind() == VocabularyKind::kBytes
                                              ? "is code points; the file says bytes"
                                              : "is bytes; the file says code points");
    return;
  }
  const std::vector<char32_t>& characters = request.spec.characters;
  if (characters.empty()) return;
  bool same = static_cast<int>(characters.size()) == file.vocabulary.char_count();
  for (size_t id = 0; same && id < characters.size(); ++id) {
    same = characters[id] == file.vocabulary.Symbol(static_cast<int32_t>(id));
  }
  if (!same) {
    violations->Add("vocabulary",
                    absl::StrCat("is not the file's, which has ", file.vocabulary.char_count(),
                                 " characters in code-point order"));
  }
}

}  // namespace runnel::server
