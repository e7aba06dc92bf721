#include "client/commands/models_command.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/commands/field_flags.h"
#include "client/net/call_server.h"
#include "client/net/model_transfer.h"
#include "client/output/message_text.h"
#include "client/output/terminal_text.h"
#include "client/output/text_file.h"
#include "runnel/v1/models.grpc.pb.h"

namespace runnel::client {
namespace {

// A vocabulary of every Unicode character has fewer bytes.
constexpr size_t kVocabularyBytesMax = 8 << 20;

constexpr char kStandardOutput[] = "-";

struct ModelsCommand : CommandState {
  v1::GetModelRequest show;
  v1::DeleteModelRequest remove;
  v1::ImportModelRequest import;
  v1::ExportModelRequest send;  // of export
  std::string file;             // of import and export
  std::optional<std::string> vocabulary_file;
  bool force = false;
  bool json = false;
};

ExitCode RunList(CommandContext& context, ModelsCommand& command) {
  const auto all =
      ListAll(context.connection, &v1::ModelService::Stub::ListModels, v1::ListModelsRequest());
  if (!all.ok()) return Fail(context, all.status());
  if (command.json) return WriteJson(context, *all);
  context.out.Write(ModelsTable(all->models()));
  return ExitCode::kOk;
}

ExitCode RunShow(CommandContext& context, ModelsCommand& command) {
  const auto response =
      CallServer(context.connection, &v1::ModelService::Stub::GetModel, command.show);
  if (!response.ok()) return Fail(context, response.status());
  if (command.json) return WriteJson(context, response->model());
  context.out.Write(VersionsTable(response->model()));
  return ExitCode::kOk;
}

ExitCode RunDelete(CommandContext& context, ModelsCommand& command) {
  const auto response =
      CallServer(context.connection, &v1::ModelService::Stub::DeleteModel, command.remove);
  if (!response.ok()) return Fail(context, response.status());
  context.out.Write("deleted " + EscapeLine(command.remove.model()) + "\n");
  return ExitCode::kOk;
}

ExitCode RunImport(CommandContext& context, ModelsCommand& command) {
  v1::ImportModelRequest request = command.import;
  if (command.vocabulary_file) {
    absl::StatusOr<NamedText> vocabulary =
        ReadText(*command.vocabulary_file, context.environment.in, kVocabularyBytesMax);
    if (!vocabulary.ok()) return Fail(context, vocabulary.status());
    request.set_vocabulary(std::move(vocabulary->text));
  }
  const absl::StatusOr<v1::ModelVersion> version =
      ImportModelFile(context, command.file, std::move(request));
  if (!version.ok()) return Fail(context, version.status());
  if (command.json) return WriteJson(context, *version);
  context.out.Write(absl::StrCat("imported ", EscapeLine(command.import.name()), ":",
                                 version->version(), ", ", NetworkText(version->network()), ", ",
                                 version->vocabulary_size(), " distinct, ",
                                 version->parameter_count(), " parameters\n"));
  return ExitCode::kOk;
}

ExitCode RunExport(CommandContext& context, ModelsCommand& command) {
  const std::string& model = command.send.model();
  if (command.file == kStandardOutput) {
    const absl::Status sent = ExportModelToOutput(context, model);
    return sent.ok() ? ExitCode::kOk : Fail(context, sent);
  }
  const absl::StatusOr<int64_t> bytes =
      ExportModelFile(context, model, command.file, command.force);
  if (!bytes.ok()) return Fail(context, bytes.status());
  context.out.Write(absl::StrCat("wrote ", EscapeLine(command.file), ", ", *bytes, " bytes\n"));
  return ExitCode::kOk;
}

void AddImportCommand(CLI::App& app, ModelsCommand& command) {
  app.add_option(
         "FILE", command.file,
         "A safetensors file: Runnel's own, or a PyTorch state dict; - reads standard input")
      ->required();
  AddFieldFlags(
      app,
      {{"--model", "name", "Publish under this name: a-z, 0-9 and -", FieldText::kNotEmpty},
       {"--cell", "network.cell_type", "The recurrent cell"},
       {"--layers", "network.num_layers", "Recurrent layers; from the file if absent"},
       {"--hidden", "network.hidden_size", "Units in each layer; from the file if absent"},
       {"--bidirectional", "network.bidirectional", "The network reads in both directions"},
       {"--embedding-size", "network.embedding_size", "From the file if absent; 0: none"},
       {"--vocabulary", "vocabulary", "The characters, in the order of their ids"},
       {"--vocabulary-kind", "network.vocabulary", "bytes: ids are bytes, 0 to 255"}},
      &command.import, &command.flag_names);
  app.get_option("--model")->required();
  command.flag_names.emplace("network", "--cell");  // the fields of it that no file contains
  command.flag_names.emplace("chunk", "FILE");
  app.add_option_function<std::string>(
         "--vocabulary-file",
         [&command](const std::string& path) { command.vocabulary_file = path; },
         "A file of the characters, in the order of their ids, line breaks included")
      ->excludes(app.get_option("--vocabulary"))
      ->type_name("FILE");
  app.add_flag("--json", command.json, "Print JSON");
  app.footer(
      "A PyTorch state dict needs --cell and the vocabulary; Runnel's own file contains both.\n\n"
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

  CLI::App* list = models->add_subcommand("list", "List every model (same as `models`)");
  list->add_flag("--json", command->json, "Print JSON");
  list->callback(RunWith(line, command, RunList));

  CLI::App* show = models->add_subcommand("show", "Show one model and its versions");
  AddFieldFlags(*show, {{"NAME", "name", "The model", FieldText::kNotEmpty}}, &command->show,
                &command->flag_names);
  show->add_flag("--json", command->json, "Print JSON");
  show->callback(RunWith(line, command, RunShow));

  CLI::App* remove = models->add_subcommand("delete", "Delete a model, or one version of it");
  AddFieldFlags(
      *remove,
      {{"REF", "model", "NAME for all versions, NAME:VERSION for one", FieldText::kNotEmpty}},
      &command->remove, &command->flag_names);
  remove->callback(RunWith(line, command, RunDelete));

  CLI::App* importer = models->add_subcommand("import", "Publish a model file as the next version");
  AddImportCommand(*importer, *command);
  importer->callback([command, &line] {
    if (command->file == kStandardInputPath && command->vocabulary_file == kStandardInputPath) {
      throw CLI::ValidationError(
          "--vocabulary-file",
          "is -, but FILE is -, too, and standard input can be read only once");
    }
    RunWith(line, command, RunImport)();
  });

  CLI::App* send =
      models->add_subcommand("export", "Write a version to a file, which PyTorch can open");
  AddFieldFlags(*send,
                {{"REF", "model", "A name, NAME:VERSION or NAME:LABEL", FieldText::kNotEmpty}},
                &command->send, &command->flag_names);
  send->add_option("FILE", command->file, "The file to write; - is standard output")->required();
  send->add_flag("--force", command->force, "Replace a file that exists");
  send->callback(RunWith(line, command, RunExport));

  models->callback([models, command, &line] {
    if (models->get_subcommands().empty()) RunWith(line, command, RunList)();
  });
}

}  // namespace runnel::client
