#include "client/commands/train_command.h"

#include <memory>
#include <string>

#include "client/commands/field_flags.h"
#include "client/commands/follow_job.h"
#include "client/net/corpus.h"
#include "client/net/server_status.h"
#include "client/output/terminal_text.h"
#include "runnel/v1/generation.grpc.pb.h"

namespace runnel::client {
namespace {

struct TrainCommand : CommandState {
  TrainCommand() { flag_names = {{"text", "FILE"}, {"chunk", "FILE"}, {"corpus_id", "FILE"}}; }

  v1::TrainRequest request;
  std::string file;
  bool detach = false;
  bool publish_on_interrupt = false;
};

void AddRequestFlags(CLI::App& app, TrainCommand& command) {
  AddFieldFlags(
      app,
      {{"--model", "model", "Publish under this name: a-z, 0-9 and -", FieldText::kNotEmpty},
       {"--corpus-path", "corpus_path", "Train on this file below the server's --corpus-dir",
        FieldText::kNotEmpty},
       {"--base", "base", "Fine-tune from this model instead of from scratch",
        FieldText::kNotEmpty},
       {"--request-id", "request_id", "Repeating a request with the same id starts no second job",
        FieldText::kNotEmpty}},
      &command.request, &command.flag_names);
  app.get_option("--model")->required();
}

void AddNetworkFlags(CLI::App& app, TrainCommand& command) {
  AddFieldFlags(
      app,
      {{"--recipe", "training.recipe", "The set of defaults; fast if absent"},
       {"--cell", "network.cell_type", "The recurrent cell"},
       {"--layers", "network.num_layers", "Recurrent layers, 1 to 8"},
       {"--hidden", "network.hidden_size", "Units in each layer, 1 to 4096"},
       {"--bidirectional", "network.bidirectional", "Read in both directions, for fill and score"},
       {"--embedding-size", "network.embedding_size", "0: one-hot input"},
       {"--vocabulary", "network.vocabulary", "The kind of symbols; code-points if absent"},
       {"--min-char-count", "network.min_char_count", "Rarer characters share one unknown symbol"},
       {"--document-separator", "network.document_separator",
        "Split the text into documents here"}},
      &command.request, &command.flag_names);
}

void AddTrainingFlags(CLI::App& app, TrainCommand& command) {
  AddFieldFlags(
      app,
      {{"--epochs", "training.epochs", "End after this many passes over the text; 0: no limit"},
       {"--max-steps", "training.max_steps", "End after this many steps; 0: no limit"},
       {"--max-seconds", "training.max_seconds", "End after this time; 0: no limit"},
       {"--batch", "training.batch_size", "Places of the text read at the same time, 1 to 1024"},
       {"--steps", "training.sequence_length", "Characters that a step unrolls, 1 to 2048"},
       {"--optimizer", "training.optimizer", "How weights are updated"},
       {"--learning-rate", "training.learning_rate", "Above 0, up to 100"},
       {"--schedule", "training.schedule", "How the learning rate changes"},
       {"--warmup-steps", "training.warmup_steps", "Steps until the learning rate is reached"},
       {"--clip-value", "training.clip_value", "Limit of each gradient element; 0: off"},
       {"--clip-norm", "training.clip_norm", "Limit of the gradient's norm; 0: off"},
       {"--dropout", "training.dropout", "Before the output, half of it between layers; 0: off"},
       {"--input-dropout", "training.input_dropout", "On the input; 0: off"},
       {"--recurrent-dropout", "training.recurrent_dropout", "On recurrent weights; 0: off"},
       {"--weight-decay", "training.weight_decay", "0: off"},
       {"--averaging", "training.averaging", "Decay of the weights' moving average; 0: off"},
       {"--seed", "training.seed", "Fixes weights and draws; drawn by the server if absent"},
       {"--validation-fraction", "training.validation_fraction", "Share of the text held out"},
       {"--evaluate-every", "training.evaluate_every_steps", "Steps between evaluations"},
       {"--early-stopping-patience", "training.early_stopping_patience",
        "End after this many evaluations without a better loss; 0: off"},
       {"--sample-every", "training.sample_every_steps", "Steps between previews; 0: off"},
       {"--precision", "training.precision", "Precision of matrix products; f32 if absent"},
       {"--mask-fraction", "training.mask_fraction",
        "Share of characters that a bidirectional network hides"},
       {"--loss-reduction", "training.loss_reduction", "The loss whose gradient is computed"}},
      &command.request, &command.flag_names);
}

ExitCode RunTrain(CommandContext& context, TrainCommand& command) {
  if (!command.file.empty()) {
    const absl::Status attached = AttachCorpus(context, command.file, &command.request);
    if (!attached.ok()) return Fail(context, attached);
  }
  // From here on there may be a job. After an interrupt, the client waits for the answer to know
  // which job to cancel.
  const Interrupt::Hold hold(context.environment.interrupt);
  grpc::ClientContext call;
  context.connection.LimitTime(call);
  v1::TrainResponse response;
  v1::TextGenerationService::Stub stub(context.connection.channel());
  const grpc::Status status = stub.Train(&call, command.request, &response);
  command.request.clear_text();  // the job may be followed for hours without it
  if (!status.ok()) return Fail(context, FromServer(status));
  if (command.detach && !context.environment.interrupt.triggered()) {
    context.out.Write(EscapeLine(response.job().id()) + "\n");
    return ExitCode::kOk;
  }
  return FollowJob(
      context, response.job(),
      command.publish_on_interrupt ? OnInterrupt::kCancelJobAndPublish : OnInterrupt::kCancelJob);
}

}  // namespace

void AddTrainCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<TrainCommand>();
  CLI::App* train = app.add_subcommand("train", "Train a model on a text and show its progress");
  CLI::Option* file =
      train->add_option("FILE", command->file, "A UTF-8 text; - reads standard input");
  AddRequestFlags(*train, *command);
  file->excludes(train->get_option("--corpus-path"));
  train->add_flag("--detach", command->detach, "Print the job's id and return at once");
  train->add_flag("--publish-on-interrupt", command->publish_on_interrupt,
                  "When Ctrl-C cancels the job, publish what it has learned so far");
  AddNetworkFlags(*train, *command);
  AddTrainingFlags(*train, *command);
  train->footer(
      "Options that are not given come from the recipe. Ctrl-C cancels the job; a second Ctrl-C "
      "ends\n"
      "this command at once. If the terminal is closed, the job continues (runnel jobs watch "
      "ID).\n\n"
      "Examples:\n"
      "  runnel train shakespeare.txt --model shakespeare\n"
      "  runnel train shakespeare.txt --model classic --recipe seed --max-steps 10000\n"
      "  cat *.txt | runnel train - --model mine --hidden 256 --epochs 3 --detach");
  train->callback([command, &line] {
    if (command->file.empty() && command->request.corpus_path().empty()) {
      throw CLI::RequiredError("FILE or --corpus-path");
    }
    RunWith(line, command, RunTrain)();
  });
}

}  // namespace runnel::client
