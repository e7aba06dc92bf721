#ifndef RUNNEL_CLIENT_OUTPUT_PROGRESS_LINE_H_
#define RUNNEL_CLIENT_OUTPUT_PROGRESS_LINE_H_

#include <string>

#include "absl/types/optional.h"
#include "runnel/v1/training.pb.h"

namespace runnel::client {

// One progress report on one line: "step 1200  epoch 0.53  loss 2.104  validation 2.051  34100
// chars/s  1:23 left". Losses are nats a character. `validation_loss` is the one to show, if any:
// the report's own or the latest before it.
std::string ProgressLine(const v1::TrainingProgress& progress,
                         absl::optional<float> validation_loss);

// "m:ss", from an hour on "h:mm:ss"; rounded up, so that "0:00" means now.
std::string FormatDuration(double seconds);

// "N characters, M distinct; P parameters"; empty while the server does not know them yet.
std::string CorpusLine(const v1::TrainingJob& job);

// How a job ended: "published NAME:VERSION, validation loss 1.234 nats/char, 12.3 s", or its
// failure.
std::string EndLine(const v1::TrainingJob& job, absl::optional<float> best_validation_loss);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_PROGRESS_LINE_H_
