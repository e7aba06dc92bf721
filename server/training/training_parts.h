// The parts of the server that training calls use. Each call keeps a copy; the parts themselves
// outlive the calls.
#ifndef RUNNEL_SERVER_TRAINING_TRAINING_PARTS_H_
#define RUNNEL_SERVER_TRAINING_TRAINING_PARTS_H_

#include "server/base/executor.h"
#include "server/base/fair_slots.h"
#include "server/base/request_queue.h"
#include "server/base/running_calls.h"
#include "server/training/corpus_uploads.h"
#include "server/training/training_jobs.h"
#include "server/training/training_spec.h"

namespace runnel::server {

// Those of Train.
struct TrainParts {
  TrainingJobs& jobs;
  FairSlots& followers;  // calls that watch a job or wait for its end
  TrainingSpecSources spec_sources;
  RequestQueue& requests;  // long work: corpora are loaded
};

// Those of TrainingJobService.
struct TrainingJobParts {
  TrainingJobs& jobs;
  FairSlots& followers;  // calls that watch a job or wait for its end
  CorpusUploads& uploads;
  RunningCalls& incoming_calls;  // that bring corpora; cancelled when the server shuts down
  RequestQueue& uploaded;        // on upload_work: messages with a part of a corpus
  Executor& upload_work;         // long work: corpora are written
  Executor& lists;               // calls that are answered from memory
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_TRAINING_PARTS_H_
