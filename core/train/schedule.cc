#include "core/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace runnel {
namespace {

constexpr double kFinalShare = 0.01;  // of the learning rate, where a decaying schedule ends

double Decay(LearningRateSchedule schedule, double progress) {
  switch (schedule) {
    case LearningRateSchedule::kConstant:
      return 1;
    case LearningRateSchedule::kExponential:
      return std::pow(kFinalShare, progress);
    case LearningRateSchedule::kCosine:
      return kFinalShare + (1 - kFinalShare) * (1 + std::cos(std::numbers::pi * progress)) / 2;
  }
  return 1;
}

}  // namespace

double LearningRateAt(const TrainingOptions& options, int64_t step, double progress) {
  const double warmup = options.warmup_steps == 0
                            ? 1
                            : std::min(1.0, static_cast<double>(step + 1) /
                                                static_cast<double>(options.warmup_steps));
  return options.learning_rate * warmup * Decay(options.schedule, std::clamp(progress, 0.0, 1.0));
}

}  // namespace runnel
