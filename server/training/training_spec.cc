#include "server/training/training_spec.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/model/model_reference.h"
#include "core/nn/network.h"
#include "core/text/utf8.h"
#include "core/train/recipe.h"
#include "core/train/training_memory.h"
#include "server/training/training_jobs.h"
#include "server/training/training_plan.h"
#include "server/wire/error_mapping.h"
#include "server/wire/training_convert.h"

namespace runnel::server {
namespace {

void CheckNames(const v1::TrainRequest& request, Violations* violations) {
  if (const absl::Status status = CheckModelName(request.model()); !status.ok()) {
    violations->Add("model", std::string(status.message()));
  }
  const int64_t chars = CountChars(request.request_id());
  if (chars > static_cast<int64_t>(TrainingJobs::kRequestIdCharsMax)) {
    violations->Add("request_id", absl::StrCat("has ", chars, " characters; at most ",
                                               TrainingJobs::kRequestIdCharsMax));
  }
}

// Returns the request's base as it is now, if the request names one. A malformed reference adds a
// violation, and the result has no base. Other errors are those of ModelStore::Describe.
absl::StatusOr<std::optional<TrainingBase>> ReadBase(const std::string& base,
                                                     const ModelStore& models,
                                                     Violations* violations) {
  if (base.empty()) return std::nullopt;
  const absl::StatusOr<ModelReference> reference = ParseModelReference(base);
  if (!reference.ok()) {
    violations->Add("base", std::string(reference.status().message()));
    return std::nullopt;
  }
  const absl::StatusOr<VersionInfo> info = models.Describe(*reference);
  if (!info.ok()) return WithField("base", info.status());
  return TrainingBase{.reference = {.name = reference->name, .version = info->version},
                      .description = info->description};
}

// Sets the options that depend on the text.
absl::Status FitToCorpus(const TrainingPlan& plan, absl::string_view corpus_field,
                         TrainingSpec* spec) {
  const Corpus& corpus = spec->corpus->corpus;
  const Recipe recipe = spec->options.recipe;
  const int symbols = corpus.vocabulary().size();
  if (!plan.cell_given) spec->network.cell = DefaultCell(recipe, symbols);
  // With a base, only the weights of new characters are initialized.
  spec->options.initialization =
      spec->base ? Initialization::kNormal001 : DefaultInitialization(recipe, symbols);
  FitToText(corpus.size(), plan.given, &spec->options);
  const absl::Status fits = CheckCorpusSize(corpus.size(), spec->options);
  if (!fits.ok()) return AtField(corpus_field, fits);
  spec->parameter_count = MakeNetwork<float>(spec->network, symbols)->layout().size();
  return absl::OkStatus();
}

// INVALID_ARGUMENT, naming the fields that make the network too large, if training it would take
// more memory than there is.
absl::Status CheckMemory(const TrainingSpec& spec, const TrainingSpecSources& sources) {
  constexpr double kMegabyte = 1e6;
  const int symbols = spec.corpus->corpus.vocabulary().size();
  const double bytes = EstimateTrainingMemory(spec.network, spec.options, symbols,
                                              spec.parameter_count, sources.threads)
                           .Sum();
  const auto bytes_max = static_cast<double>(sources.training_bytes_max);
  if (bytes <= bytes_max) return absl::OkStatus();
  return InvalidField(
      "network.hidden_size",
      absl::StrCat("is ", spec.network.hidden_size, "; with network.num_layers ",
                   spec.network.num_layers, ", training.batch_size ", spec.options.batch_size,
                   ", training.sequence_length ", spec.options.sequence_length, " and ", symbols,
                   " characters, training needs ", static_cast<int64_t>(bytes / kMegabyte),
                   " MB of memory; at most ", static_cast<int64_t>(bytes_max / kMegabyte),
                   " MB are available"));
}

}  // namespace

absl::StatusOr<TrainingSpec> MakeTrainingSpec(const v1::TrainRequest& request,
                                              const TrainingSpecSources& sources) {
  Violations violations;
  CheckNames(request, &violations);
  absl::StatusOr<std::optional<TrainingBase>> base =
      ReadBase(request.base(), *sources.models, &violations);
  if (!base.ok()) return base.status();
  const ModelDescription* based_on = *base ? (*base)->description.get() : nullptr;
  const TrainingPlan plan =
      PlanTraining(request, based_on != nullptr ? &based_on->network : nullptr, &violations);
  if (based_on != nullptr && violations.empty()) {
    CheckAgainstBase(request.network(), ToProto(based_on->network, based_on->vocabulary.rules()),
                     &violations);
  }
  if (!violations.empty()) return ToStatus(violations);

  CorpusVocabulary vocabulary{.rules = plan.vocabulary};
  if (based_on != nullptr) vocabulary.base = based_on->vocabulary;
  auto corpus = sources.corpora->Load(request, vocabulary);
  if (!corpus.ok()) return corpus.status();
  TrainingSpec spec{.model = request.model(),
                    .request_id = request.request_id(),
                    .network = plan.network,
                    .options = plan.options,
                    .base = *std::move(base),
                    .corpus = *std::move(corpus)};
  absl::Status status = FitToCorpus(plan, CorpusLoader::Field(request), &spec);
  if (status.ok()) status = CheckMemory(spec, sources);
  if (!status.ok()) return status;
  return spec;
}

}  // namespace runnel::server
