// Builds the parts of a server, and gives each service those that it needs.
#ifndef RUNNEL_SERVER_PARTS_H_
#define RUNNEL_SERVER_PARTS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/folder_lock.h"
#include "core/base/opened_folder.h"
#include "core/model/model_store.h"
#include "core/pattern/pattern_cache.h"
#include "server/base/call_guard.h"
#include "server/base/executor.h"
#include "server/base/fair_slots.h"
#include "server/base/memory_budget.h"
#include "server/base/model_requests.h"
#include "server/base/request_queue.h"
#include "server/base/running_calls.h"
#include "server/memory_shares.h"
#include "server/models/model_follower.h"
#include "server/models/model_parts.h"
#include "server/options.h"
#include "server/text_generation/generation_pool.h"
#include "server/text_generation/reading_pool.h"
#include "server/text_generation/text_generation_parts.h"
#include "server/training/corpus_loader.h"
#include "server/training/corpus_uploads.h"
#include "server/training/training_jobs.h"
#include "server/training/training_parts.h"

namespace runnel::server {

// The members are constructed in this order and destroyed in reverse. An executor runs the tasks
// that it still holds before it is destroyed, so it is declared after the parts that they use.
struct ServerParts {
  // Errors of the data folder; INVALID_ARGUMENT if messages may be too large for this server's
  // memory; RESOURCE_EXHAUSTED if the system refused to start a thread.
  static absl::StatusOr<std::unique_ptr<ServerParts>> Create(const ServerOptions& options);

  // This object must outlive the services and their calls.
  TextGenerationParts ForTextGeneration();
  TrainParts ForTrain();
  TrainingJobParts ForTrainingJobs();
  ModelParts ForModels();

  const ServerOptions options;
  const std::unique_ptr<FileLock> lock;
  const std::unique_ptr<ModelStore> models;
  ModelFollower follower;
  const std::unique_ptr<CorpusUploads> uploads;
  const OpenedFolder imports;
  const int64_t arriving_bytes_max;  // of requests that gRPC has received in part
  MemoryBudget message_memory;       // of requests that wait or are prepared
  MemoryBudget corpus_memory;        // of corpora that are loaded, for jobs that wait or train
  MemoryBudget text_memory;          // of texts that are read or written, and their requests
  const int64_t training_bytes_max;  // of one job's weights and activations
  PatternCache patterns;             // of texts that must match one
  CorpusLoader corpora;
  TrainingJobs jobs;
  FairSlots followers;  // calls that watch a job or wait for its end
  GenerationPool generation;
  ReadingPool readings;          // Score and FillBlanks
  Executor lists;                // lists and other calls that are answered from memory
  Executor requests;             // short work: prompts are encoded
  Executor model_loads;          // long work: models are read into memory
  ModelRequests model_requests;  // on both
  Executor corpus_work;          // long work: corpora are loaded
  RequestQueue corpus_requests;  // on corpus_work
  Executor upload_work;          // long work: corpora are written
  RequestQueue uploaded;         // on upload_work: messages with a part of a corpus
  MemoryBudget import_memory;    // of models that are being imported
  FairSlots import_slots;        // model files that are being received
  FairSlots export_slots;        // model files that are being sent
  Executor model_work;           // long work: model files are written, read and deleted
  RequestQueue imported;         // on model_work: messages with a part of a model
  CallGuard guard;               // of all calls
  RunningCalls incoming_calls;   // that bring corpora and models

 private:
  ServerParts(const ServerOptions& server_options, const MemoryShares& shares,
              std::unique_ptr<FileLock> folder_lock, std::unique_ptr<ModelStore> model_store,
              std::unique_ptr<CorpusUploads> corpus_uploads, OpenedFolder import_folder);

  // RESOURCE_EXHAUSTED if the system refused to start a thread of one of the parts.
  absl::Status start_status() const;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_PARTS_H_
