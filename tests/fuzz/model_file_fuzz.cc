// Feeds both readers of model files with bytes from outside. Whatever the bytes are, a reader must
// return either a model that can be written and read again, or an error. The first byte of an input
// chooses what the caller expects of the file.
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_replace.h"
#include "core/model/model_file.h"
#include "core/model/pytorch_model.h"
#include "core/nn/network.h"
#include "tests/core/model/safetensors_testing.h"
#include "tests/fuzz/fuzz_seeds.h"

namespace runnel {
namespace {

constexpr CellType kCells[] = {CellType::kRnnTanh, CellType::kLstm, CellType::kGruResetAfter};

void Require(bool condition) {
  if (!condition) abort();
}

void CheckModel(const ModelData& model) {
  const absl::StatusOr<ModelData> again = DecodeModel(EncodeModel(model));
  Require(again.ok() && again->parameters == model.parameters &&
          again->description.vocabulary == model.description.vocabulary);
}

PyTorchModelSpec SpecOf(uint8_t choice) {
  return {.cell = kCells[choice % std::size(kCells)],
          .bidirectional = (choice & 0x80) != 0,
          .characters = {U'c', U'a', U'b'}};
}

ModelData SmallModel(CellType cell, bool bidirectional, int embedding_size) {
  ModelData model;
  model.description.network = {.cell = cell,
                               .num_layers = 1,
                               .hidden_size = 2,
                               .bidirectional = bidirectional,
                               .embedding_size = embedding_size};
  model.description.vocabulary = Vocabulary::FromCodePoints({U'\n', U'a', U'\u00E9'}).value();
  model.parameters.assign(MakeNetwork<float>(model.description.network, 3)->layout().size(), 0.5f);
  return model;
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> seeds;
  for (const CellType cell :
       {CellType::kRnnTanh, CellType::kLstmPeephole, CellType::kGruResetAfter}) {
    for (const bool bidirectional : {false, true}) {
      const std::string file = EncodeModel(SmallModel(cell, bidirectional, bidirectional ? 3 : 0));
      seeds.push_back("\x01" + file);
      // Without the checksum in the metadata, so that the reader gets further into broken metadata.
      seeds.push_back("\x01" + absl::StrReplaceAll(file, {{"runnel_checksum", "unread_checksum"}}));
    }
  }
  constexpr uint64_t kGates[] = {1, 4, 3};
  for (char i = 0; i < 3; ++i)
    seeds.push_back(std::string(1, i) + FileOf(StateDict(kGates[int{i}], 2, 3)));
  return seeds;
}

}  // namespace runnel

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const absl::StatusOr<runnel::ModelData> own = runnel::DecodeModel(bytes);
  runnel::Require(own.ok() || absl::IsDataLoss(own.status()));
  if (own.ok()) runnel::CheckModel(*own);
  runnel::Violations violations;
  const auto imported = runnel::ReadPyTorchModel(bytes, runnel::SpecOf(data[0]), &violations);
  runnel::Require(imported.has_value() == violations.empty());
  if (imported) runnel::CheckModel(imported->data);
  return 0;
}
