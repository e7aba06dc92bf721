#include "core/model/pytorch_names.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/damaged.h"
#include "core/nn/network_config.h"

namespace runnel {
namespace {

constexpr absl::string_view kReverse = "_reverse";
constexpr absl::string_view kWeight = "weight";
constexpr absl::string_view kBias = "bias";
// What modules count for themselves while they are trained.
constexpr absl::string_view kCounter = "num_batches_tracked";
// Beginnings of a module's last name that tell its purpose where shapes do not.
constexpr absl::string_view kEmbeddingNames[] = {"emb", "encoder", "wte"};
constexpr absl::string_view kOutputNames[] = {"out", "fc", "linear", "decoder", "head"};

// "lstm.weight_ih_l1_reverse": prefix "lstm.", kind "weight_ih", layer 1, reverse.
struct RecurrentName {
  absl::string_view prefix;
  absl::string_view kind;
  int layer = 0;
  bool reverse = false;
};

std::optional<RecurrentName> ParseRecurrentName(absl::string_view name) {
  RecurrentName parsed;
  parsed.reverse = absl::ConsumeSuffix(&name, kReverse);
  const size_t layer = name.rfind("_l");
  if (layer == absl::string_view::npos) return std::nullopt;
  const absl::string_view digits = name.substr(layer + 2);
  if (!absl::SimpleAtoi(digits, &parsed.layer) || absl::StrCat(parsed.layer) != digits) {
    return std::nullopt;
  }
  name = name.substr(0, layer);
  for (const absl::string_view kind :
       {"weight_ih", "weight_hh", "weight_hr", "bias_ih", "bias_hh"}) {
    if (!absl::EndsWith(name, kind)) continue;
    parsed.kind = name.substr(name.size() - kind.size());
    parsed.prefix = name.substr(0, name.size() - kind.size());
    if (parsed.prefix.empty() || absl::EndsWith(parsed.prefix, ".")) return parsed;
  }
  return std::nullopt;
}

// A module that is not recurrent: it has a `weight` and perhaps a `bias`.
struct Module {
  std::string name;  // "decoder.", or "" at the top
  const StoredTensor* weight = nullptr;
  const StoredTensor* bias = nullptr;
};

template <size_t N>
bool IsNamedLike(const Module& module, const absl::string_view (&starts)[N]) {
  const std::string name = absl::AsciiStrToLower(absl::StripSuffix(module.name, "."));
  const absl::string_view last =
      absl::string_view(name).substr(name.find_last_of('.') + 1);  // npos + 1 is 0
  return std::any_of(std::begin(starts), std::end(starts),
                     [&](absl::string_view start) { return absl::StartsWith(last, start); });
}

// Takes the tensors of a state dict one by one, then checks that none is missing.
class Finder {
 public:
  absl::StatusOr<PyTorchTensors> Find(const SafetensorsHeader& header) {
    for (const StoredTensor& tensor : header.tensors) {
      if (absl::Status status = Take(tensor); !status.ok()) return status;
    }
    if (absl::Status status = CheckRecurrent(); !status.ok()) return status;
    if (absl::Status status = PlaceModules(); !status.ok()) return status;
    return std::move(found_);
  }

 private:
  absl::Status Take(const StoredTensor& tensor) {
    if (const auto name = ParseRecurrentName(tensor.name)) return TakeRecurrent(tensor, *name);
    const size_t dot = tensor.name.rfind('.') + 1;  // npos + 1 is 0
    const absl::string_view kind = absl::string_view(tensor.name).substr(dot);
    if (kind == kCounter) {
      found_.passed_over.push_back(tensor.name);
      return absl::OkStatus();
    }
    const size_t dimensions = kind == kWeight ? 2 : 1;
    if ((kind != kWeight && kind != kBias) || tensor.shape.size() != dimensions) {
      return Damaged(absl::StrCat(
          "has a tensor ", tensor.name, " of shape ", ShapeText(tensor.shape),
          ", which has no place in a recurrent module, an output layer or an embedding"));
    }
    Module& module = modules_[tensor.name.substr(0, dot)];
    module.name = tensor.name.substr(0, dot);
    (kind == kWeight ? module.weight : module.bias) = &tensor;
    return absl::OkStatus();
  }

  absl::Status TakeRecurrent(const StoredTensor& tensor, const RecurrentName& name) {
    if (name.kind == "weight_hr") {
      return Damaged(absl::StrCat("has a tensor ", tensor.name,
                                  ": projections (proj_size) are not supported"));
    }
    const size_t dimensions = absl::StartsWith(name.kind, kWeight) ? 2 : 1;
    if (tensor.shape.size() != dimensions) {
      return Damaged(absl::StrCat(tensor.name, " has shape ", ShapeText(tensor.shape),
                                  "; must have ", dimensions,
                                  dimensions == 1 ? " dimension" : " dimensions"));
    }
    if (!prefix_) prefix_ = std::string(name.prefix);
    if (*prefix_ != name.prefix) {
      return Damaged(absl::StrCat("has two recurrent modules, \"", *prefix_, "\" and \"",
                                  name.prefix, "\"; must be one"));
    }
    if (name.layer < 0 || name.layer >= NetworkConfig::kLayersMax) {
      return Damaged(absl::StrCat("has a tensor ", tensor.name, " of layer ", name.layer,
                                  "; must be 0 to ", NetworkConfig::kLayersMax - 1));
    }
    found_.num_layers = std::max(found_.num_layers, name.layer + 1);
    found_.bidirectional |= name.reverse;
    found_.has_biases |= absl::StartsWith(name.kind, kBias);
    found_
        .by_name[absl::StrCat("rnn.", name.kind, "_l", name.layer, name.reverse ? kReverse : "")] =
        &tensor;
    return absl::OkStatus();
  }

  // Every layer and direction up to the last has all its tensors.
  absl::Status CheckRecurrent() const {
    if (found_.num_layers == 0) {
      return Damaged("has no tensor whose name ends in weight_ih_l0: no recurrent module");
    }
    std::vector<absl::string_view> kinds = {"weight_ih", "weight_hh"};
    if (found_.has_biases) kinds.insert(kinds.end(), {"bias_ih", "bias_hh"});
    for (int layer = 0; layer < found_.num_layers; ++layer) {
      for (int direction = 0; direction <= (found_.bidirectional ? 1 : 0); ++direction) {
        for (const absl::string_view kind : kinds) {
          const std::string name = absl::StrCat(kind, "_l", layer, direction == 1 ? kReverse : "");
          if (found_.by_name.count(absl::StrCat("rnn.", name)) == 0) {
            return Damaged(absl::StrCat("has no tensor ", *prefix_, name));
          }
        }
      }
    }
    return absl::OkStatus();
  }

  // Tells the output layer from the embedding.
  absl::Status PlaceModules() {
    std::vector<const Module*> all;
    for (const auto& [name, module] : modules_) {
      if (module.weight == nullptr) return Damaged(absl::StrCat("has no tensor ", name, kWeight));
      all.push_back(&module);
    }
    if (all.empty()) {
      return Damaged(
          "has no output layer: there is no matrix except those of the recurrent module");
    }
    const auto list = [&] {
      return absl::StrJoin(all, ", ", [](std::string* out, const Module* module) {
        absl::StrAppend(out, module->weight->name, " ", ShapeText(module->weight->shape));
      });
    };
    if (all.size() > 2) {
      return Damaged(absl::StrCat("has ", all.size(),
                                  " matrices in addition to the recurrent module's (", list(),
                                  "); must be an output layer and at most an embedding"));
    }
    const Module* output = all.front();
    if (all.size() == 2) {
      output = Output(*all[0], *all[1]);
      if (output == nullptr) {
        return Damaged(absl::StrCat("does not tell which is the output layer and which the ",
                                    "embedding: ", list()));
      }
      const Module* embedding = output == all[0] ? all[1] : all[0];
      if (embedding->bias != nullptr) {
        return Damaged(absl::StrCat("has a tensor ", embedding->bias->name,
                                    ": an embedding has no bias, and ", output->weight->name,
                                    " is the output layer"));
      }
      found_.by_name["embedding.weight"] = embedding->weight;
    }
    found_.by_name["output.weight"] = output->weight;
    if (output->bias != nullptr) found_.by_name["output.bias"] = output->bias;
    return absl::OkStatus();
  }

  // Which of the two is the output layer; null if nothing tells.
  const Module* Output(const Module& a, const Module& b) const {
    const auto fits = [&](const Module& module, const Module& other) {
      const uint64_t units =
          found_.by_name.at("rnn.weight_hh_l0")->shape.back() * (found_.bidirectional ? 2 : 1);
      return module.weight->shape[1] == units &&
             other.weight->shape[1] == found_.by_name.at("rnn.weight_ih_l0")->shape.back();
    };
    // Tied matrices have the same values, so either one can be the output layer.
    const bool tied = a.weight->begin == b.weight->begin && a.weight->end == b.weight->end;
    const auto pick = [&](bool is_a, bool is_b) { return is_a == is_b ? nullptr : is_a ? &a : &b; };
    if (const Module* module = pick(a.bias != nullptr, b.bias != nullptr)) return module;
    if (const Module* module = pick(fits(a, b), fits(b, a))) return module;
    const auto named = [](const Module& module, const Module& other) {
      return IsNamedLike(module, kOutputNames) || IsNamedLike(other, kEmbeddingNames);
    };
    if (const Module* module = pick(named(a, b), named(b, a))) return module;
    return tied ? &a : nullptr;
  }

  PyTorchTensors found_;
  std::optional<std::string> prefix_;
  std::map<std::string, Module> modules_;
};

}  // namespace

void AddTiedTensors(SafetensorsHeader* header) {
  if (!header->metadata) return;
  std::vector<StoredTensor> tied;
  for (const auto& [name, stored_name] : *header->metadata) {
    const StoredTensor* stored = header->Find(stored_name);
    if (stored == nullptr || header->Find(name) != nullptr) continue;
    tied.push_back(*stored);
    tied.back().name = name;
  }
  header->tensors.insert(header->tensors.end(), tied.begin(), tied.end());
  std::sort(header->tensors.begin(), header->tensors.end(),
            [](const StoredTensor& a, const StoredTensor& b) { return a.name < b.name; });
}

absl::StatusOr<PyTorchTensors> FindPyTorchTensors(const SafetensorsHeader& header) {
  return Finder().Find(header);
}

}  // namespace runnel
