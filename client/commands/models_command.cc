#include "client/commands/models_command.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/commands/field_flags.h"
#include "client/net/model_transfer.h"
#include "client/output/json.h"
#include "client/output/message_text.h"
#include "client/output/terminal_text.h"
#include "client/output/text_file.h"
#include "runnel/v1/models.grpc.pb.h"

namespace runnel::client {
namespace {

struct ModelsCommand {
  v1::GetModelRequest show;
  v1::DeleteModelRequest remove;
  v1::ImportModelRequest import;
  v1::ExportModelRequest send;  // of export
  std::string file;             // of import and export
  std::string vocabulary_file;
  bool force = false;
  bool json = false;
  FlagNames flag_names;
};

ExitCode RunList(CommandContext& context, const ModelsCommand& command) {
  const auto stub = context.NewStub<v1::ModelService>();
  v1::ListModelsResponse all;
  v1::ListModelsRequest request;
  do {
    Call call(context.connection);
    v1::ListModelsResponse page;
    const grpc::Status status = stub->ListModels(call.context(), request, &page);
    if (!status.ok()) return Fail(context, status);
    all.mutable_models()->MergeFrom(page.models());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (command.json) return WriteJson(context, all);
  context.out.Write(ModelsTable(all.models()));
  return ExitCode::kOk;
}

ExitCode RunShow(CommandContext& context, const ModelsCommand& command) {
  Call call(context.connection);
  v1::GetModelResponse response;
  const grpc::Status status =
      context.NewStub<v1::ModelService>()->GetModel(call.context(), command.show, &response);
  if (!status.ok()) return Fail(context, status);
  if (command.json) return WriteJson(context, response.model());
  context.out.Write(VersionsTable(response.model()));
  return ExitCode::kOk;
}

ExitCode RunDelete(CommandContext& context, const ModelsCommand& command) {
  Call call(context.connection);
  v1::DeleteModelResponse response;
  const grpc::Status status =
      context.NewStub<v1::ModelService>()->DeleteModel(call.context(), command.remove, &response);
  if (!status.ok()) return Fail(context, status);
  context.out.Write("deleted " + EscapeLine(command.remove.model()) + "\n");
  return ExitCode::kOk;
}

// The characters of a small file, into `vocabulary`.
ExitCode ReadVocabularyFile(CommandContext& context, const std::string& path,
                            std::string* vocabulary) {
  // A vocabulary of every Unicode character has less.
  constexpr size_t kBytesMax = 8 << 20;
  absl::StatusOr<TextFile> file = TextFile::Open(path, context.environment.in);
  if (!file.ok()) return FailUsage(context, file.status());
  absl::StatusOr<std::string> text = file->Read(kBytesMax + 1);
  if (!text.ok()) return FailUsage(context, text.status());
  if (text->size() > kBytesMax) {
    return FailUsage(context, absl::StrCat(file->name(), " has more than ", kBytesMax,
                                           " bytes: too many for a vocabulary"));
  }
  if (const absl::Status valid = CheckUtf8(file->name(), *text); !valid.ok()) {
    return FailUsage(context, valid);
  }
  *vocabulary = *std::move(text);
  return ExitCode::kOk;
}

ExitCode RunImport(CommandContext& context, const ModelsCommand& command) {
  v1::ImportModelRequest request = command.import;
  if (!command.vocabulary_file.empty()) {
    const ExitCode read =
        ReadVocabularyFile(context, command.vocabulary_file, request.mutable_vocabulary());
    if (read != ExitCode::kOk) return read;
  }
  v1::ModelVersion version;
  const ExitCode code = ImportModelFile(context, command.file, std::move(request), &version);
  if (code != ExitCode::kOk) return code;
  if (command.json) return WriteJson(context, version);
  context.out.Write(absl::StrCat("imported ", EscapeLine(command.import.name()), ":",
                                 version.version(), ", ", NetworkText(version.network()), ", ",
                                 version.vocabulary_size(), " distinct, ",
                                 version.parameter_count(), " parameters\n"));
  return ExitCode::kOk;
}

ExitCode RunExport(CommandContext& context, const ModelsCommand& command) {
  return ExportModelFile(context, command.send.model(), command.file, command.force);
}

void AddImportCommand(CLI::App& import, ModelsCommand& command) {
  import
      .add_option(
          "FILE", command.file,
          "A safetensors file: Runnel's own, or a PyTorch state dict; - reads standard input")
      ->required();
  AddFieldFlags(import,
                {{"--model", "name", "Publish under this name: a-z, 0-9 and -"},
                 {"--cell", "network.cell_type", "The recurrent cell"},
                 {"--layers", "network.num_layers", "Recurrent layers; the file's if absent"},
                 {"--hidden", "network.hidden_size", "Units a layer; the file's if absent"},
                 {"--bidirectional", "network.bidirectional", "Reads from both ends"},
                 {"--embedding-size", "network.embedding_size", "The file's if absent; 0: none"},
                 {"--vocabulary", "vocabulary", "The characters, in the order of their ids"},
                 {"--vocabulary-kind", "network.vocabulary", "bytes: ids are bytes, 0 to 255"}},
                &command.import, &command.flag_names);
  import.get_option("--model")->required();
  command.flag_names.emplace("network", "--cell");  // all of it that no file tells
  command.flag_names.emplace("chunk", "FILE");
  import
      .add_option("--vocabulary-file", command.vocabulary_file,
                  "A file of the characters, in the order of their ids, line breaks among them")
      ->excludes(import.get_option("--vocabulary"));
  import.add_flag("--json", command.json, "Print JSON");
  import.footer(
      "A PyTorch state dict needs --cell and the vocabulary; Runnel's own file says both "
      "itself.\n\n"
      "Examples:\n"
      "  runnel models import exported.safetensors --model mine\n"
      "  runnel models import lstm.safetensors --model poet --cell lstm --vocabulary-file "
      "chars.txt");
}

}  // namespace

void AddModelsCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<ModelsCommand>();
  CLI::App* models = app.add_subcommand("models", "List, show, delete, import and export models");
  models->require_subcommand(0, 1);
  models->add_flag("--json", command->json, "Print JSON");
  const auto set_run = [command, &line](ExitCode (*run)(CommandContext&, const ModelsCommand&)) {
    return [command, &line, run] {
      line.flag_names = command->flag_names;
      line.run = [command, run](CommandContext& context) { return run(context, *command); };
    };
  };

  CLI::App* list = models->add_subcommand("list", "Every model (also without `list`)");
  list->add_flag("--json", command->json, "Print JSON");
  list->callback(set_run(RunList));

  CLI::App* show = models->add_subcommand("show", "One model and its versions");
  AddFieldFlags(*show, {{"NAME", "name", "The model"}}, &command->show, &command->flag_names);
  show->add_flag("--json", command->json, "Print JSON");
  show->callback(set_run(RunShow));

  CLI::App* remove = models->add_subcommand("delete", "Delete a model, or one version of it");
  AddFieldFlags(*remove, {{"REF", "model", "NAME: all versions; NAME:VERSION: that one"}},
                &command->remove, &command->flag_names);
  remove->callback(set_run(RunDelete));

  CLI::App* import = models->add_subcommand("import", "Publish a model file as the next version");
  AddImportCommand(*import, *command);
  import->callback(set_run(RunImport));

  CLI::App* send = models->add_subcommand("export", "Write a version's file, which PyTorch opens");
  AddFieldFlags(*send, {{"REF", "model", "A name, NAME:VERSION or NAME:LABEL"}}, &command->send,
                &command->flag_names);
  send->add_option("FILE", command->file, "Where to; - is standard output")->required();
  send->add_flag("--force", command->force, "Replace a file that is there");
  send->callback(set_run(RunExport));

  models->callback([models, set_run] {
    if (models->get_subcommands().empty()) set_run(RunList)();
  });
}

}  // namespace runnel::client
