// Turns a Train request into the specification of a job: checks the request, loads its corpus, and
// fits the options to both.
#ifndef RUNNEL_SERVER_TRAINING_TRAINING_SPEC_H_
#define RUNNEL_SERVER_TRAINING_TRAINING_SPEC_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/model/model_store.h"
#include "runnel/v1/training.pb.h"
#include "server/training/corpus_loader.h"
#include "server/training/training_job.h"

namespace runnel::server {

// What a request is checked against. The pointers are not owned and must not be null.
struct TrainingSpecSources {
  const ModelStore* models = nullptr;
  const CorpusLoader* corpora = nullptr;
  int threads = 1;                 // of the job
  int64_t training_bytes_max = 0;  // of one job's weights and activations
};

// Reads files: those of the corpus and of the base model. INVALID_ARGUMENT names every field that
// is wrong; the errors of CorpusLoader::Load name the corpus's field, those of ModelStore::Describe
// begin with "base: ".
absl::StatusOr<TrainingSpec> MakeTrainingSpec(const v1::TrainRequest& request,
                                              const TrainingSpecSources& sources);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_TRAINING_SPEC_H_
