#include "client/models_command.h"

#include <memory>
#include <string>

#include "client/field_flags.h"
#include "client/json.h"
#include "client/message_text.h"
#include "client/terminal_text.h"
#include "runnel/v1/models.grpc.pb.h"

namespace runnel::client {
namespace {

struct ModelsCommand {
  v1::GetModelRequest show;
  v1::DeleteModelRequest remove;
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
  context.out.Write(command.json ? ToJson(all) : ModelsTable(all.models()));
  return ExitCode::kOk;
}

ExitCode RunShow(CommandContext& context, const ModelsCommand& command) {
  Call call(context.connection);
  v1::GetModelResponse response;
  const grpc::Status status =
      context.NewStub<v1::ModelService>()->GetModel(call.context(), command.show, &response);
  if (!status.ok()) return Fail(context, status);
  context.out.Write(command.json ? ToJson(response.model()) : VersionsTable(response.model()));
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

}  // namespace

void AddModelsCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<ModelsCommand>();
  CLI::App* models = app.add_subcommand("models", "List, show and delete models");
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

  models->callback([models, set_run] {
    if (models->get_subcommands().empty()) set_run(RunList)();
  });
}

}  // namespace runnel::client
