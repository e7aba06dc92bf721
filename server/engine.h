// The parts of a server that its services share, in the order in which they are built; they
// go in reverse.
#ifndef RUNNEL_SERVER_ENGINE_H_
#define RUNNEL_SERVER_ENGINE_H_

#include <google/protobuf/message_lite.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/folder_lock.h"
#include "core/model/model_store.h"
#include "core/pattern/pattern_cache.h"
#include "server/base/call_guard.h"
#include "server/base/executor.h"
#include "server/base/memory_budget.h"
#include "server/base/running_calls.h"
#include "server/base/slots.h"
#include "server/options.h"
#include "server/text_generation/generation_pool.h"
#include "server/text_generation/reading_pool.h"
#include "server/training/corpus_loader.h"
#include "server/training/corpus_uploads.h"
#include "server/training/training_jobs.h"

namespace runnel::server {

struct Engine {
  // Errors of the data folder.
  static absl::StatusOr<std::unique_ptr<Engine>> Create(const ServerOptions& options);

  const ServerOptions options;
  const std::unique_ptr<FolderLock> lock;
  const std::unique_ptr<ModelStore> models;
  const std::unique_ptr<CorpusUploads> uploads;
  MemoryBudget message_memory;       // of requests that wait or are prepared
  MemoryBudget corpus_memory;        // of corpora that are loaded, for jobs that wait or train
  MemoryBudget text_memory;          // of texts that are read or written, and their requests
  const int64_t training_bytes_max;  // of one job's weights and activations
  PatternCache patterns;             // of texts that must match one
  CorpusLoader corpora;
  TrainingJobs jobs;
  GenerationPool generation;
  ReadingPool readings;        // Score and FillBlanks
  Executor lists;              // lists and other calls that are answered from memory
  Executor requests;           // short work: models are looked up, prompts encoded
  Executor model_loads;        // long work: models are read into memory
  Executor corpus_work;        // long work: corpora are loaded
  Executor upload_work;        // long work: corpora are written
  MemoryBudget import_memory;  // of models that are being imported
  Slots import_slots;          // model files that are being received
  Slots export_slots;          // model files that are being sent
  Executor model_work;         // long work: model files are written and read
  CallGuard guard;             // of all calls
  RunningCalls upload_calls;   // what brings corpora and models

  // Queues work on a request, whose memory counts until the work is done. RESOURCE_EXHAUSTED if too
  // many wait, or too many bytes. Thread-safe.
  absl::Status Submit(Executor* executor, const google::protobuf::MessageLite& request,
                      std::function<void()> task);

  // RESOURCE_EXHAUSTED if the system refused to start a thread of one of the parts.
  absl::Status start_status() const;

  // Like Submit on `requests`, for work that needs the model `reference`. If the model has to be
  // read first, that is done on threads of its own, so that the requests' threads never wait for a
  // file, and the model stays in memory until the work is done. The work finds out itself what is
  // wrong with the reference or the model.
  absl::Status SubmitForModel(const std::string& reference,
                              const google::protobuf::MessageLite& request,
                              std::function<void()> task);

  // Model files that are being received lie under this name, with an ending.
  std::string import_path() const;

 private:
  Engine(const ServerOptions& server_options, std::unique_ptr<FolderLock> folder_lock,
         std::unique_ptr<ModelStore> model_store, std::unique_ptr<CorpusUploads> corpus_uploads);
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_ENGINE_H_
