// Tests of models, jobs and health, and of behaviour that all commands share.

#include <cstdint>

#include "tests/client/client_fixture.h"

namespace runnel::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StoreCommandsTest : public ClientTest {
 protected:
  static v1::Model MakeModel(const std::string& name, int newest) {
    v1::Model model;
    model.set_name(name);
    for (int number = newest; number > 0; --number) {
      v1::ModelVersion* version = model.add_versions();
      version->set_version(number);
      version->mutable_network()->set_cell_type(v1::CELL_TYPE_RNN_TANH);
      version->mutable_network()->set_num_layers(1);
      version->mutable_network()->set_hidden_size(100);
      version->set_validation_loss(1.5);
      version->mutable_create_time()->set_seconds(1714566605);
    }
    return model;
  }
};

TEST_F(StoreCommandsTest, Models_SeveralPages_AreAllFollowed) {
  fake.models.list = [](const v1::ListModelsRequest& request, v1::ListModelsResponse* response) {
    const bool is_first = request.page_token().empty();
    *response->add_models() = is_first ? MakeModel("first", 2) : MakeModel("second-model", 1);
    if (is_first) response->set_next_page_token("more");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"models"}), 0);
  EXPECT_EQ(
      out,
      "NAME          NEWEST  VERSIONS  NETWORK         VALIDATION  CREATED (UTC)        NOTE\n"
      "first              2         2  rnn-tanh 1x100      1.5000  2024-05-01 12:30:05     -\n"
      "second-model       1         1  rnn-tanh 1x100      1.5000  2024-05-01 12:30:05     -\n");
  const std::string table = out;
  EXPECT_EQ(Run({"models", "list"}), 0);
  EXPECT_EQ(out, table);
}

TEST_F(StoreCommandsTest, ModelsList_Json_HoldsEveryPage) {
  fake.models.list = [](const v1::ListModelsRequest&, v1::ListModelsResponse* response) {
    *response->add_models() = MakeModel("first", 1);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"models", "list", "--json"}), 0);
  EXPECT_THAT(out, AllOf(HasSubstr("\"name\": \"first\""), HasSubstr("\"version\": 1"),
                         HasSubstr("\"cellType\": \"CELL_TYPE_RNN_TANH\"")));
}

TEST_F(StoreCommandsTest, ModelsList_JsonThatCannotBe_IsAFailure) {
  fake.models.list = [](const v1::ListModelsRequest&, v1::ListModelsResponse* response) {
    *response->add_models() = MakeModel("first", 1);
    response->mutable_models(0)->mutable_versions(0)->mutable_create_time()->set_seconds(int64_t{1}
                                                                                         << 62);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"models", "list", "--json"}), 1);
  EXPECT_THAT(err, testing::StartsWith("runnel: the answer cannot be written as JSON: "));
  EXPECT_EQ(out, "");
}

TEST_F(StoreCommandsTest, ModelsShow_Versions_AreLinesNewestFirst) {
  fake.models.get = [](const v1::GetModelRequest& request, v1::GetModelResponse* response) {
    EXPECT_EQ(request.name(), "m");
    *response->mutable_model() = MakeModel("m", 2);
    response->mutable_model()->mutable_versions(1)->set_damage("checksum");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"models", "show", "m"}), 0);
  EXPECT_THAT(out, AllOf(HasSubstr("\n      2  "), HasSubstr("checksum\n")));
}

TEST_F(StoreCommandsTest, ModelsDelete_Version_IsPassedOn) {
  std::string deleted;
  fake.models.remove = [&](const v1::DeleteModelRequest& request, v1::DeleteModelResponse*) {
    deleted = request.model();
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"models", "delete", "m:2"}), 0);
  EXPECT_EQ(deleted, "m:2");
  EXPECT_EQ(out, "deleted m:2\n");
}

TEST_F(StoreCommandsTest, Jobs_Filters_AreSentWithEveryPage) {
  int pages = 0;
  fake.jobs.list = [&](const v1::ListTrainingJobsRequest& request,
                       v1::ListTrainingJobsResponse* response) {
    EXPECT_EQ(request.model(), "m");
    EXPECT_EQ(request.state(), v1::TRAINING_JOB_STATE_RUNNING);
    response->add_jobs()->set_id("job-" + std::to_string(++pages));
    if (pages < 3) response->set_next_page_token(std::to_string(pages));
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"jobs", "--model", "m", "--state", "running"}), 0);
  EXPECT_THAT(out, AllOf(HasSubstr("job-1"), HasSubstr("job-3")));
  pages = 0;
  EXPECT_EQ(Run({"jobs", "list", "--model", "m", "--state", "RUNNING"}), 0);
  EXPECT_EQ(pages, 3);
}

TEST_F(StoreCommandsTest, JobsShow_Job_IsShownAsFieldsOrJson) {
  fake.jobs.get = [](const v1::GetTrainingJobRequest& request,
                     v1::GetTrainingJobResponse* response) {
    v1::TrainingJob* job = response->mutable_job();
    job->set_id(request.id());
    job->set_model("m");
    job->set_state(v1::TRAINING_JOB_STATE_QUEUED);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"jobs", "show", "j9"}), 0);
  EXPECT_EQ(out, "id:     j9\nmodel:  m\nstate:  queued\n");
  EXPECT_EQ(Run({"jobs", "show", "j9", "--json"}), 0);
  EXPECT_THAT(out, AllOf(HasSubstr("\"state\": \"TRAINING_JOB_STATE_QUEUED\""),
                         HasSubstr("\"publishedVersion\": 0")));
}

TEST_F(StoreCommandsTest, JobsCancel_Publish_TellsTheVersion) {
  fake.jobs.cancel = [](const v1::CancelTrainingJobRequest& request,
                        v1::CancelTrainingJobResponse* response) {
    EXPECT_TRUE(request.publish());
    response->mutable_job()->set_state(v1::TRAINING_JOB_STATE_RUNNING);
    return grpc::Status::OK;
  };
  fake.jobs.watch = [](grpc::ServerContext*, const v1::WatchTrainingJobRequest& request,
                       grpc::ServerWriter<v1::WatchTrainingJobResponse>* writer) {
    EXPECT_EQ(request.id(), "j9");
    v1::WatchTrainingJobResponse response;
    response.mutable_ended_job()->set_model("m");
    response.mutable_ended_job()->set_state(v1::TRAINING_JOB_STATE_CANCELLED);
    response.mutable_ended_job()->set_published_version(4);
    writer->Write(response);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"jobs", "cancel", "j9", "--publish"}), 0);
  EXPECT_EQ(out, "job j9 is cancelled, published m:4\n");
}

TEST_F(StoreCommandsTest, JobsShow_UnknownJob_ExitsThree) {
  fake.jobs.get = [](const v1::GetTrainingJobRequest&, v1::GetTrainingJobResponse*) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no job \"x\"");
  };
  EXPECT_EQ(Run({"jobs", "show", "x"}), 3);
  EXPECT_EQ(err, "runnel: no job \"x\"\n");
}

TEST_F(StoreCommandsTest, ModelsImport_File_IsSentInPiecesAfterTheRequest) {
  const std::string file = WriteFile("import", std::string(2'500'000, 'x'));
  std::string received;
  fake.models.import = [&](grpc::ServerReader<v1::ImportModelRequest>* reader,
                           v1::ImportModelResponse* response) {
    v1::ImportModelRequest message;
    for (int i = 0; reader->Read(&message); ++i) {
      EXPECT_EQ(message.name(), i == 0 ? "m" : "");
      EXPECT_EQ(message.vocabulary(), i == 0 ? "ab\n" : "");
      EXPECT_EQ(message.network().cell_type(), i == 0 ? v1::CELL_TYPE_LSTM : 0);
      EXPECT_EQ(message.network().hidden_size(), i == 0 ? 7 : 0);
      received += message.chunk();
    }
    *response->mutable_version() = MakeModel("m", 3).versions(0);
    return grpc::Status::OK;
  };
  const std::string characters = WriteFile("characters", "ab\n");
  EXPECT_EQ(Run({"models", "import", file, "--model", "m", "--cell", "lstm", "--hidden", "7",
                 "--vocabulary-file", characters}),
            0)
      << err;
  EXPECT_EQ(received, std::string(2'500'000, 'x'));
  EXPECT_EQ(out, "imported m:3, rnn-tanh 1x100, 0 distinct, 0 parameters\n");
}

TEST_F(StoreCommandsTest, ModelsImport_Refusal_NamesTheFlag) {
  fake.models.import = [](grpc::ServerReader<v1::ImportModelRequest>*, v1::ImportModelResponse*) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "rejected",
                        EncodeBadRequest({{"network.hidden_size", "is 9; must be 8"},
                                          {"network", "is missing"},
                                          {"chunk", "is damaged"}}));
  };
  EXPECT_EQ(Run({"models", "import", WriteFile("import", "x"), "--model", "m"}), 2);
  EXPECT_THAT(err, AllOf(HasSubstr("--hidden: is 9"), HasSubstr("--cell: is missing"),
                         HasSubstr("FILE: is damaged")));
}

TEST_F(StoreCommandsTest, ModelsImport_MissingFile_CallsNobody) {
  EXPECT_EQ(Run({"models", "import", "/nowhere/m.safetensors", "--model", "m"}), 2);
  EXPECT_THAT(err, HasSubstr("cannot read /nowhere/m.safetensors"));
  EXPECT_EQ(Run({"models", "import", WriteFile("import", "x"), "--model", "m", "--vocabulary-file",
                 WriteFile("characters", "\xFF")}),
            2);
  EXPECT_THAT(err, HasSubstr("is not valid UTF-8"));
}

class ModelsExportTest : public StoreCommandsTest {
 protected:
  ModelsExportTest() {
    fake.models.send = [](grpc::ServerContext*, const v1::ExportModelRequest& request,
                          grpc::ServerWriter<v1::ExportModelResponse>* writer) {
      for (const char* bytes : {"first ", "second ", "third"}) {
        v1::ExportModelResponse piece;
        piece.set_chunk(bytes);
        writer->Write(piece);
      }
      return request.model() == "broken" ? grpc::Status(grpc::StatusCode::DATA_LOSS, "damaged")
                                         : grpc::Status::OK;
    };
    folder_ = ::testing::TempDir() + "/runnel_export_test";
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
  ~ModelsExportTest() override { std::filesystem::remove_all(folder_); }

  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  size_t Files() const {
    const std::filesystem::directory_iterator files(folder_);
    return std::distance(begin(files), end(files));
  }

  std::string folder_;
};

TEST_F(ModelsExportTest, NewFile_IsWrittenWhole) {
  EXPECT_EQ(Run({"models", "export", "m", folder_ + "/m"}), 0) << err;
  EXPECT_EQ(Read(folder_ + "/m"), "first second third");
  EXPECT_EQ(out, "wrote " + folder_ + "/m, 18 bytes\n");
  EXPECT_EQ(Files(), 1u);
}

TEST_F(ModelsExportTest, FileThatIsThere_IsReplacedByForceAlone) {
  std::ofstream(folder_ + "/m") << "mine";
  EXPECT_EQ(Run({"models", "export", "m", folder_ + "/m"}), 2);
  EXPECT_THAT(err, HasSubstr("exists already; --force replaces it"));
  EXPECT_EQ(Read(folder_ + "/m"), "mine");
  EXPECT_EQ(Run({"models", "export", "m", folder_ + "/m", "--force"}), 0) << err;
  EXPECT_EQ(Read(folder_ + "/m"), "first second third");
  EXPECT_EQ(Files(), 1u);
}

TEST_F(ModelsExportTest, StreamThatEndsInAnError_LeavesNoFile) {
  EXPECT_EQ(Run({"models", "export", "broken", folder_ + "/m"}), 1);
  EXPECT_THAT(err, HasSubstr("damaged"));
  EXPECT_EQ(Files(), 0u);
  std::ofstream(folder_ + "/m") << "mine";
  EXPECT_EQ(Run({"models", "export", "broken", folder_ + "/m", "--force"}), 1);
  EXPECT_EQ(Read(folder_ + "/m"), "mine");
}

TEST_F(ModelsExportTest, WhatIsNoFile_IsNotWrittenTo) {
  EXPECT_EQ(Run({"models", "export", "m", folder_, "--force"}), 2);
  EXPECT_THAT(err, HasSubstr("is not a regular file"));
  EXPECT_EQ(Run({"models", "export", "m", folder_ + "/none/m"}), 2);
  EXPECT_THAT(err, HasSubstr("cannot write"));
}

TEST_F(ModelsExportTest, FileThatCannotBeFinished_IsAFailureAndNoBadUsage) {
  fake.models.send = [this](grpc::ServerContext*, const v1::ExportModelRequest&,
                            grpc::ServerWriter<v1::ExportModelResponse>*) {
    std::filesystem::remove_all(folder_);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"models", "export", "m", folder_ + "/m"}), 1);
  EXPECT_THAT(err, HasSubstr("cannot write"));
}

TEST_F(ModelsExportTest, StandardOutput_ReceivesTheBytesAlone) {
  EXPECT_EQ(Run({"models", "export", "m", "-"}), 0) << err;
  EXPECT_EQ(out, "first second third");
}

TEST_F(StoreCommandsTest, Health_Serving_ExitsZero) {
  EXPECT_EQ(Run({"health"}), 0) << err;
  EXPECT_EQ(out, "SERVING\n");
}

TEST_F(StoreCommandsTest, Health_NotServing_ExitsOne) {
  fake.server->GetHealthCheckService()->SetServingStatus(false);
  EXPECT_EQ(Run({"health"}), 1);
  EXPECT_EQ(out, "NOT_SERVING\n");
}

TEST_F(StoreCommandsTest, Health_OneService_IsAskedByName) {
  fake.server->GetHealthCheckService()->SetServingStatus("runnel.v1.ModelService", false);
  EXPECT_EQ(Run({"health", "--service", "runnel.v1.ModelService"}), 1);
  EXPECT_EQ(out, "NOT_SERVING\n");
  EXPECT_EQ(Run({"health", "--service", "no.such.Service"}), 3);
}

TEST_F(StoreCommandsTest, AnyCommand_NoServer_ExitsFourAndSaysHowToStartOne) {
  const std::string address = fake.address;
  fake.server->Shutdown();
  EXPECT_EQ(RunAsGiven({"health", "--server", address}), 4);
  EXPECT_THAT(err, AllOf(HasSubstr("cannot reach a server at " + address),
                         HasSubstr("start one with runnel-server")));
}

TEST_F(StoreCommandsTest, CommandLine_MistypedCommand_ExitsTwoAndPointsToHelp) {
  EXPECT_EQ(Run({"trian"}), 2);
  EXPECT_EQ(err, "runnel: unknown command \"trian\"\nSee runnel --help\n");
}

TEST_F(StoreCommandsTest, CommandLine_UnknownFlag_ExitsTwoAndPointsToTheCommandsHelp) {
  EXPECT_EQ(Run({"jobs", "watch", "j", "--nope"}), 2);
  EXPECT_EQ(err, "runnel: unknown option \"--nope\"\nSee runnel jobs watch --help\n");
  // "64", the value of the unknown option, must not be reported as a superfluous FILE.
  EXPECT_EQ(Run({"train", "--corpus-path", "a.txt", "--model", "m", "--nope", "64"}), 2);
  EXPECT_EQ(err, "runnel: unknown option \"--nope\"\nSee runnel train --help\n");
}

TEST_F(StoreCommandsTest, CommandLine_NegativeTimeout_ExitsTwo) {
  EXPECT_EQ(Run({"health", "--timeout", "-1"}), 2);
  EXPECT_THAT(err, HasSubstr("--timeout"));
}

TEST_F(StoreCommandsTest, CommandLine_HelpAndVersion_GoToStdout) {
  EXPECT_EQ(RunAsGiven({"--help"}), 0);
  EXPECT_THAT(out, AllOf(HasSubstr("Exit status:"), HasSubstr("Examples:")));
  EXPECT_EQ(RunAsGiven({"train", "--help"}), 0);
  EXPECT_THAT(out, HasSubstr("--learning-rate"));
  EXPECT_EQ(RunAsGiven({"--version"}), 0);
  EXPECT_THAT(out, ::testing::StartsWith("runnel "));
}

TEST_F(StoreCommandsTest, Interrupt_NothingUnderWay_HasNobodyToTidyUp) {
  EXPECT_FALSE(interrupt.Trigger());
  EXPECT_TRUE(interrupt.triggered());
}

}  // namespace
}  // namespace runnel::client
