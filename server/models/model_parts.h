// The parts of the server that the calls of ModelService use. Each call keeps a copy; the parts
// themselves outlive the calls.
#ifndef RUNNEL_SERVER_MODELS_MODEL_PARTS_H_
#define RUNNEL_SERVER_MODELS_MODEL_PARTS_H_

#include <cstdint>

#include "core/base/opened_folder.h"
#include "core/model/model_store.h"
#include "server/base/executor.h"
#include "server/base/fair_slots.h"
#include "server/base/memory_budget.h"
#include "server/base/request_queue.h"
#include "server/base/running_calls.h"

namespace runnel::server {

struct ModelParts {
  ModelStore& models;
  RunningCalls& incoming_calls;       // that bring models; cancelled when the server shuts down
  FairSlots& import_slots;            // of models that are being received
  FairSlots& export_slots;            // of models that are being sent
  MemoryBudget& import_memory;        // of models that are being imported
  Executor& lists;                    // calls that are answered from memory
  RequestQueue& imported;             // on model_work: messages with a part of a model
  Executor& model_work;               // long work: model files are written, read and deleted
  int64_t model_bytes_max = 0;        // of an imported file
  const OpenedFolder& import_folder;  // of files that are being received
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_MODELS_MODEL_PARTS_H_
