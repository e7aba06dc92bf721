// A training job in single lines of text.
#ifndef RUNNEL_CLIENT_OUTPUT_PROGRESS_LINE_H_
#define RUNNEL_CLIENT_OUTPUT_PROGRESS_LINE_H_

#include <optional>
#include <string>

#include "runnel/v1/training.pb.h"

namespace runnel::client {

// Returns one progress report as one line: "step 1200  epoch 0.53  loss 2.104  validation 2.051
// 34100 chars/s  1:23 left". Losses are in nats per character. `validation_loss` is the validation
// loss to show, if any: the report's own or that of an earlier report.
std::string ProgressLine(const v1::TrainingProgress& progress,
                         std::optional<float> validation_loss);

// Returns "m:ss", or "h:mm:ss" from one hour on. Rounds up, so that "0:00" means now.
std::string FormatDuration(double seconds);

// Returns "N characters, M distinct; P parameters", or "" while the server does not know them yet.
std::string CorpusLine(const v1::TrainingJob& job);

// Says how a job ended: "published NAME:VERSION, validation loss 1.234 nats/char, 12.3 s", or its
// failure.
std::string EndLine(const v1::TrainingJob& job, std::optional<float> best_validation_loss);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_PROGRESS_LINE_H_
