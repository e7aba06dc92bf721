// Every field of a request has a flag. A field that is added to a request fails here until it has
// one.

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <set>
#include <string>
#include <vector>

#include "client/commands/generate_command.h"
#include "client/commands/models_command.h"
#include "client/commands/sample_command.h"
#include "client/commands/train_command.h"
#include "runnel/v1/generation.pb.h"
#include "runnel/v1/models.pb.h"

namespace runnel::client {
namespace {

using google::protobuf::Descriptor;

// Returns the paths of all fields of `type` and of the messages inside it, except the message
// fields themselves. A map counts as one field.
std::set<std::string> LeafPaths(const Descriptor& type, const std::string& prefix = "") {
  std::set<std::string> paths;
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& field = *type.field(i);
    const std::string path = prefix + field.name();
    if (field.message_type() == nullptr || field.is_map()) {
      paths.insert(path);
    } else {
      paths.merge(LeafPaths(*field.message_type(), path + "."));
    }
  }
  return paths;
}

// Returns the paths of the fields that the flags of a command set.
std::set<std::string> FlaggedPaths(void (*add_command)(CLI::App&, CommandLine&),
                                   std::vector<std::string> args_from_the_back) {
  CLI::App app;
  CommandLine line;
  add_command(app, line);
  app.parse(args_from_the_back);
  std::set<std::string> paths;
  for (const auto& [field, flag] : line.flag_names) paths.insert(field);
  return paths;
}

TEST(FlagCoverageTest, Train_EveryField_HasAFlag) {
  std::set<std::string> fields = LeafPaths(*v1::TrainRequest::descriptor());
  fields.insert("chunk");  // of the upload of a large FILE
  fields.erase("wait");    // the client watches the job instead
  EXPECT_EQ(FlaggedPaths(AddTrainCommand, {"m", "--model", "-", "train"}), fields);
}

// Only programs that keep a state token between calls can use one.
std::set<std::string> WithoutState(std::set<std::string> fields) {
  fields.erase("return_state");
  fields.erase("resume_state");
  return fields;
}

TEST(FlagCoverageTest, Sample_EveryFieldButState_HasAFlag) {
  EXPECT_EQ(FlaggedPaths(AddSampleCommand, {"m", "sample"}),
            WithoutState(LeafPaths(*v1::SampleRequest::descriptor())));
}

TEST(FlagCoverageTest, Generate_EveryFieldButState_HasAFlag) {
  std::set<std::string> fields = WithoutState(LeafPaths(*v1::GenerateCharsRequest::descriptor()));
  fields.erase("top_logprobs");  // they have no place in plain text; `sample --json` shows them
  EXPECT_EQ(FlaggedPaths(AddGenerateCommand, {"m", "generate"}), fields);
}

TEST(FlagCoverageTest, ModelsImport_EveryFieldThatAFileLeavesOpen_HasAFlag) {
  std::set<std::string> fields = LeafPaths(*v1::ImportModelRequest::descriptor());
  fields.erase("network.min_char_count");      // an imported vocabulary is as it is given
  fields.erase("network.document_separator");  // for the same reason
  std::set<std::string> flagged =
      FlaggedPaths(AddModelsCommand, {"m", "--model", "-", "import", "models"});
  flagged.erase("network");  // for errors about the whole message
  flagged.erase("model");    // a field of export and delete
  EXPECT_EQ(flagged, fields);
}

}  // namespace
}  // namespace runnel::client
