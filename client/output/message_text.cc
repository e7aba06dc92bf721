#include "client/output/message_text.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "client/output/enum_name.h"
#include "client/output/progress_line.h"
#include "client/output/table.h"

namespace runnel::client {
namespace {

std::string Loss(bool present, float loss) {
  return present ? absl::StrFormat("%.4f", loss) : std::string();
}

std::string Version(int32_t version) {
  return version == 0 ? std::string() : absl::StrCat(version);
}

}  // namespace

std::string NetworkText(const v1::NetworkConfig& network) {
  return absl::StrCat(EnumName(network.cell_type()), " ", network.num_layers(), "x",
                      network.hidden_size(), network.bidirectional() ? " bidirectional" : "");
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

std::string ModelsTable(const google::protobuf::RepeatedPtrField<v1::Model>& models) {
  std::vector<TableRow> rows = {
      {"NAME", "NEWEST", "VERSIONS", "NETWORK", "VALIDATION", "CREATED (UTC)", "NOTE"}};
  for (const v1::Model& model : models) {
    const v1::ModelVersion newest =
        model.versions().empty() ? v1::ModelVersion() : model.versions(0);
    rows.push_back({model.name(), Version(newest.version()), absl::StrCat(model.versions_size()),
                    NetworkText(newest.network()),
                    Loss(newest.has_validation_loss(), newest.validation_loss()),
                    TimeText(newest.create_time()), newest.damage().empty() ? "" : "damaged"});
  }
  return FormatTable(rows);
}

std::string VersionsTable(const v1::Model& model) {
  std::vector<TableRow> rows = {{"VERSION", "NETWORK", "DISTINCT", "PARAMETERS", "VALIDATION",
                                 "CHARS TRAINED", "BYTES", "CREATED (UTC)", "JOB", "LABELS",
                                 "DAMAGE"}};
  for (const v1::ModelVersion& version : model.versions()) {
    rows.push_back({Version(version.version()), NetworkText(version.network()),
                    absl::StrCat(version.vocabulary_size()),
                    absl::StrCat(version.parameter_count()),
                    Loss(version.has_validation_loss(), version.validation_loss()),
                    absl::StrCat(version.chars_trained()), absl::StrCat(version.file_bytes()),
                    TimeText(version.create_time()), version.training_job(),
                    absl::StrJoin(version.labels(), ","), version.damage()});
  }
  return FormatTable(rows);
}

std::string JobsTable(const google::protobuf::RepeatedPtrField<v1::TrainingJob>& jobs) {
  std::vector<TableRow> rows = {
      {"ID", "MODEL", "STATE", "STEP", "EPOCH", "LOSS", "VALIDATION", "VERSION", "CREATED (UTC)"}};
  for (const v1::TrainingJob& job : jobs) {
    const v1::TrainingProgress& progress = job.progress();
    rows.push_back({job.id(), job.model(), EnumName(job.state()), absl::StrCat(progress.step()),
                    absl::StrFormat("%.2f", progress.epoch()),
                    Loss(job.has_progress(), progress.loss()),
                    Loss(progress.has_validation_loss(), progress.validation_loss()),
                    Version(job.published_version()), TimeText(job.create_time())});
  }
  return FormatTable(rows);
}

std::string JobFields(const v1::TrainingJob& job) {
  std::optional<float> validation_loss;
  if (job.progress().has_validation_loss()) validation_loss = job.progress().validation_loss();
  return FormatFields(
      {{"id", job.id()},
       {"model", job.model()},
       {"state", EnumName(job.state())},
       {"published version", Version(job.published_version())},
       {"error", job.error()},
       {"corpus", CorpusLine(job)},
       {"network", job.has_network() ? NetworkText(job.network()) : ""},
       {"progress", job.has_progress() ? ProgressLine(job.progress(), validation_loss) : ""},
       {"created (UTC)", TimeText(job.create_time())},
       {"started (UTC)", TimeText(job.start_time())},
       {"ended (UTC)", TimeText(job.end_time())}});
}

}  // namespace runnel::client
