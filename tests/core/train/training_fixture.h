// A small text and a network to train on it.
#ifndef RUNNEL_TESTS_CORE_TRAIN_TRAINING_FIXTURE_H_
#define RUNNEL_TESTS_CORE_TRAIN_TRAINING_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "core/train/trainer.h"

namespace runnel {

inline Corpus BrookCorpus(int repeats) {
  std::string text;
  for (int i = 0; i < repeats; ++i) {
    text += "the brook runs down the hill and over the stones, and under the bridge, and on.\n";
  }
  return Corpus::Load(StringSource(text), VocabularyKind::kCodePoints).value();
}

inline constexpr NetworkConfig kSmallNetwork = {.num_layers = 2, .hidden_size = 12};

inline TrainingOptions SmallTraining(Optimizer optimizer = Optimizer::kAdagrad) {
  return {.sequence_length = 8,
          .batch_size = 4,
          .optimizer = optimizer,
          .validation_fraction = 0,
          .initialization = Initialization::kUniformFanHidden};
}

// A trainer with everything that must outlive it.
template <typename Real>
struct TrainingSetup {
  TrainingSetup(const Corpus& text, const NetworkConfig& config, const TrainingOptions& options,
                int threads = 1)
      : corpus(text),
        network(MakeNetwork<Real>(config, corpus.vocabulary().size())),
        pool(threads),
        trainer(*network, corpus, options, &pool) {}

  const Corpus corpus;
  const std::unique_ptr<Network<Real>> network;
  WorkerPool pool;
  Trainer<Real> trainer;
};

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_TRAIN_TRAINING_FIXTURE_H_
