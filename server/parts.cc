#include "server/parts.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"

namespace runnel::server {
namespace {

constexpr int kListThreads = 2;
// Calls that wait to be answered from memory. Texts never wait for them.
constexpr size_t kListTasksMax = 256;
constexpr int kRequestThreads = 4;
constexpr int kModelLoadThreads = 2;
constexpr int kCorpusThreads = 4;
// Train calls whose corpora wait to be loaded.
constexpr size_t kCorpusTasksMax = 64;
constexpr int kUploadThreads = 2;
// An upload has one task at a time, so one that was let in always finds room for it.
constexpr size_t kUploadTasksMax = CorpusUploads::kUnderWayMax;
// Calls that watch a training job or wait for its end. Each report of a job wakes all that follow
// it.
constexpr int kFollowersMax = 1000;
constexpr int kImportsMax = 8;
constexpr int kExportsMax = 32;
constexpr int kModelThreads = 2;
// As an upload, an import or export has one task at a time.
constexpr size_t kModelTasksMax = kImportsMax + kExportsMax;
constexpr size_t kDeletionsMax = 256;
// Calls that wait for a model in addition to the texts that may be under way.
constexpr size_t kOtherRequestsMax = 256;
// Calls beyond the texts that may be written and read: jobs that are watched, lists, health checks.
constexpr int kOtherCallsMax = 4096;

// Logs a report of the data folder, each as a kind of its own: a client may ask again and again for
// a version that cannot be read.
void LogOfDataFolder(const std::string& report) { LogLimited(LogLevel::kWarning, report, report); }

CallGuard::Limits GuardLimits(const ServerOptions& options, const MemoryShares& shares) {
  const int calls_max = 2 * options.max_streams + kOtherCallsMax;
  return {.calls_max = calls_max,
          .calls_per_connection_max = options.max_streams_per_connection == 0
                                          ? calls_max
                                          : options.max_streams_per_connection,
          .response_bytes_max = shares.responses,
          .stall = std::chrono::seconds(options.stalled_stream_seconds)};
}

}  // namespace

ServerParts::ServerParts(const ServerOptions& server_options, const MemoryShares& shares,
                         std::unique_ptr<FileLock> folder_lock,
                         std::unique_ptr<ModelStore> model_store,
                         std::unique_ptr<CorpusUploads> corpus_uploads, OpenedFolder import_folder)
    : options(server_options),
      lock(std::move(folder_lock)),
      models(std::move(model_store)),
      follower(models.get()),
      uploads(std::move(corpus_uploads)),
      imports(std::move(import_folder)),
      arriving_bytes_max(shares.arriving),
      message_memory(shares.messages),
      corpus_memory(shares.corpora),
      text_memory(shares.texts),
      training_bytes_max(shares.training),
      patterns(std::min(shares.patterns, PatternCache::kStateBytesMax)),
      corpora(options.corpus_dir, uploads.get(), &corpus_memory),
      jobs(models.get(), {.threads = options.threads,
                          .queued_max = options.max_queued_jobs,
                          .job_seconds_max = options.max_job_seconds}),
      followers(kFollowersMax, "calls are following training jobs"),
      generation(options.generation_threads, options.max_streams),
      readings(options.generation_threads, options.max_streams),
      lists(kListThreads, kListTasksMax),
      requests(kRequestThreads, 2 * options.max_streams + kOtherRequestsMax),
      model_loads(kModelLoadThreads, 2 * options.max_streams + kOtherRequestsMax),
      model_requests(models.get(), &message_memory, &requests, &model_loads),
      corpus_work(kCorpusThreads, kCorpusTasksMax),
      corpus_requests(&corpus_work, &message_memory),
      upload_work(kUploadThreads, kUploadTasksMax),
      uploaded(&upload_work, &message_memory),
      import_memory(shares.imports),
      import_slots(kImportsMax, "models are being imported"),
      export_slots(kExportsMax, "models are being exported"),
      model_work(kModelThreads, kModelTasksMax + kDeletionsMax),
      imported(&model_work, &message_memory),
      guard(GuardLimits(options, shares)) {}

absl::Status ServerParts::start_status() const {
  for (const absl::Status& status :
       {follower.start_status(), jobs.start_status(), generation.start_status(),
        readings.start_status(), lists.start_status(), guard.start_status(),
        requests.start_status(), corpus_work.start_status(), upload_work.start_status(),
        model_work.start_status(), model_loads.start_status()}) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

TextGenerationParts ServerParts::ForTextGeneration() {
  return {.requests = model_requests,
          .patterns = patterns,
          .generation = generation,
          .readings = readings,
          .text_memory = text_memory,
          .limits = {.chars_max = options.max_chars,
                     .texts_max = options.max_streams,
                     .message_bytes_max = options.max_message_bytes}};
}

TrainParts ServerParts::ForTrain() {
  return {.jobs = jobs,
          .followers = followers,
          .spec_sources = {.models = models.get(),
                           .corpora = &corpora,
                           .threads = options.threads,
                           .training_bytes_max = training_bytes_max},
          .requests = corpus_requests};
}

TrainingJobParts ServerParts::ForTrainingJobs() {
  return {.jobs = jobs,
          .followers = followers,
          .uploads = *uploads,
          .incoming_calls = incoming_calls,
          .uploaded = uploaded,
          .upload_work = upload_work,
          .lists = lists};
}

ModelParts ServerParts::ForModels() {
  return {.models = *models,
          .incoming_calls = incoming_calls,
          .import_slots = import_slots,
          .export_slots = export_slots,
          .import_memory = import_memory,
          .lists = lists,
          .imported = imported,
          .model_work = model_work,
          .model_bytes_max = options.max_model_bytes,
          .import_folder = imports};
}

absl::StatusOr<std::unique_ptr<ServerParts>> ServerParts::Create(const ServerOptions& options) {
  std::error_code ignored;
  if (!options.corpus_dir.empty() && !std::filesystem::is_directory(options.corpus_dir, ignored)) {
    return absl::FailedPreconditionError(
        absl::StrCat("--corpus-dir: there is no folder ", options.corpus_dir));
  }
  const auto shares = ShareMemory(options.memory_bytes, options.max_message_bytes);
  if (!shares.ok()) return shares.status();
  auto lock = AcquireFolder(options.data_dir);
  if (!lock.ok()) return lock.status();
  auto models = ModelStore::Open(absl::StrCat(options.data_dir, "/models"),
                                 {.precision = options.decode_precision,
                                  .loaded_bytes_max = shares->loaded,
                                  .reading_bytes_max = shares->reading,
                                  .report = LogOfDataFolder});
  if (!models.ok()) return models.status();
  // Deletes what a server that was killed left behind; imports normally delete their own files.
  const std::string import_folder = absl::StrCat(options.data_dir, "/imports");
  std::error_code error;
  std::filesystem::remove_all(import_folder, error);
  if (error) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot empty the folder ", import_folder));
  }
  auto imports = OpenedFolder::Open(import_folder, "the folder of the imports", LogOfDataFolder);
  if (!imports.ok()) return imports.status();
  auto uploads = CorpusUploads::Open(
      absl::StrCat(options.data_dir, "/corpora"),
      {.upload_bytes_max = options.max_upload_bytes, .total_bytes_max = options.max_corpora_bytes},
      LogOfDataFolder);
  if (!uploads.ok()) return uploads.status();
  std::unique_ptr<ServerParts> parts(new ServerParts(options, *shares, *std::move(lock),
                                                     *std::move(models), *std::move(uploads),
                                                     *std::move(imports)));
  if (absl::Status status = parts->start_status(); !status.ok()) return status;
  return parts;
}

}  // namespace runnel::server
