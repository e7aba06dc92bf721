// Tests ImportModel and ExportModel over the wire.
#include <memory>
#include <string>
#include <vector>

#include "core/model/model_file.h"
#include "core/nn/network.h"
#include "tests/core/model/safetensors_testing.h"
#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The number of imports that a server takes at a time.
constexpr int kImportsOfAConnectionMax = 4;

class ModelExchangeTest : public ServerTest {
 protected:
  // The first message without a chunk.
  static v1::ImportModelRequest Request(const std::string& name) {
    v1::ImportModelRequest request;
    request.set_name(name);
    return request;
  }
  // For StateDict(1, 2, 3).
  static v1::ImportModelRequest PlainRequest(const std::string& name) {
    v1::ImportModelRequest request = Request(name);
    request.mutable_network()->set_cell_type(v1::CELL_TYPE_RNN_TANH);
    request.set_vocabulary("abc");
    return request;
  }

  grpc::Status Import(v1::ImportModelRequest request, const std::string& bytes,
                      v1::ImportModelResponse* response, size_t chunk_bytes = 1 << 20) {
    grpc::ClientContext context;
    const auto writer = models_->ImportModel(&context, response);
    size_t done = 0;
    do {
      request.set_chunk(bytes.substr(done, chunk_bytes));
      done += request.chunk().size();
      if (!writer->Write(request)) break;
      request.Clear();
    } while (done < bytes.size());
    writer->WritesDone();
    return writer->Finish();
  }
  grpc::Status Import(const v1::ImportModelRequest& request, const std::string& bytes) {
    v1::ImportModelResponse response;
    return Import(request, bytes, &response);
  }

  grpc::Status Export(const std::string& model, std::string* bytes) {
    grpc::ClientContext context;
    v1::ExportModelRequest request;
    request.set_model(model);
    const auto reader = models_->ExportModel(&context, request);
    v1::ExportModelResponse piece;
    while (reader->Read(&piece)) bytes->append(piece.chunk());
    return reader->Finish();
  }

  // The number of files of imports that are under way or were not deleted.
  size_t ImportFiles() const {
    const std::filesystem::directory_iterator files(options_.data_dir + "/imports");
    return std::distance(begin(files), end(files));
  }
  void ExpectNoModel(const std::string& name) {
    grpc::ClientContext context;
    v1::GetModelRequest request;
    request.set_name(name);
    v1::GetModelResponse response;
    EXPECT_EQ(models_->GetModel(&context, request, &response).error_code(),
              grpc::StatusCode::NOT_FOUND);
  }
};

TEST_F(ModelExchangeTest, ExportedFile_IsTheVersionsFile) {
  TrainModel("m");
  std::string bytes;
  ASSERT_TRUE(Export("m", &bytes).ok());
  EXPECT_EQ(bytes, testing::ReadFile(VersionPath("m", 1)));
}

TEST_F(ModelExchangeTest, RunnelsOwnFile_BecomesTheNextVersionAndWritesTheSame) {
  TrainModel("m");
  std::string bytes;
  ASSERT_TRUE(Export("m:1", &bytes).ok());
  v1::ImportModelResponse response;
  const grpc::Status status = Import(Request("m"), bytes, &response, 100);
  ASSERT_TRUE(status.ok()) << status.error_message();
  const v1::ModelVersion& version = response.version();
  EXPECT_EQ(version.version(), 2);
  EXPECT_EQ(version.training_job(), "");
  EXPECT_EQ(version.training().sequence_length(), 8);
  EXPECT_EQ(version.network().hidden_size(), 8);
  EXPECT_GT(version.chars_trained(), 0);
  EXPECT_GT(version.create_time().seconds(), 0);
  EXPECT_EQ(version.file_bytes(),
            static_cast<int64_t>(testing::ReadFile(VersionPath("m", 2)).size()));
  EXPECT_EQ(ImportFiles(), 0u);

  v1::SampleRequest sample;
  sample.mutable_sampling()->set_seed(3);
  sample.mutable_stop()->set_max_chars(50);
  sample.set_model("m:1");
  v1::SampleResponse first;
  ASSERT_TRUE(Sample(sample, &first).ok());
  sample.set_model("m:2");
  v1::SampleResponse second;
  ASSERT_TRUE(Sample(sample, &second).ok());
  EXPECT_EQ(first.samples(0).text(), second.samples(0).text());
}

TEST_F(ModelExchangeTest, PlainStateDict_IsPublishedAndListed) {
  v1::ImportModelResponse response;
  const grpc::Status status = Import(PlainRequest("new"), FileOf(StateDict(1, 2, 3)), &response, 7);
  ASSERT_TRUE(status.ok()) << status.error_message();
  grpc::ClientContext context;
  v1::ListModelsResponse list;
  ASSERT_TRUE(models_->ListModels(&context, v1::ListModelsRequest(), &list).ok());
  ASSERT_EQ(list.models_size(), 1);
  ASSERT_EQ(list.models(0).versions_size(), 1);
  const v1::ModelVersion& version = list.models(0).versions(0);
  EXPECT_EQ(version.SerializeAsString(), response.version().SerializeAsString());
  EXPECT_EQ(version.version(), 1);
  EXPECT_EQ(version.training_job(), "");
  EXPECT_FALSE(version.has_training());
  EXPECT_FALSE(version.has_validation_loss());
  EXPECT_EQ(version.network().cell_type(), v1::CELL_TYPE_RNN_TANH);
  EXPECT_EQ(version.network().hidden_size(), 2);
  EXPECT_EQ(version.vocabulary_size(), 3);
  EXPECT_EQ(version.parameter_count(), 3 * 2 + 2 * 2 + 2 + 3 * 2 + 3);
}

TEST_F(ModelExchangeTest, TensorsThatAreNotWeights_AreToldInTheLog) {
  HandMadeFile file = StateDict(1, 2, 3);
  file["norm.num_batches_tracked"] = Counting({});
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(Import(PlainRequest("m"), FileOf(file)).ok());
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("the import of m ignores tensors that are not weights: "
                        "norm.num_batches_tracked\n"));
}

TEST_F(ModelExchangeTest, PublishedModel_IsThereAfterARestart) {
  ASSERT_TRUE(Import(PlainRequest("m"), FileOf(StateDict(1, 2, 3))).ok());
  testing::WriteFile(options_.data_dir + "/imports/model.abcdef.tmp", "left by a crash");
  StartServer();
  EXPECT_EQ(ImportFiles(), 0u);
  std::string bytes;
  EXPECT_TRUE(Export("m:1", &bytes).ok());
}

TEST_F(ModelExchangeTest, BidirectionalModel_IsTakenButDoesNotWrite) {
  HandMadeFile file = StateDict(1, 2, 3);
  for (const auto& [name, tensor] : StateDict(1, 2, 3)) {
    if (name[0] == 'r') file[name + "_reverse"] = tensor;
  }
  file["fc.weight"] = Counting({3, 4});
  v1::ImportModelRequest request = PlainRequest("both");
  request.mutable_network()->set_bidirectional(true);
  const grpc::Status status = Import(request, FileOf(file));
  ASSERT_TRUE(status.ok()) << status.error_message();
  v1::GenerateCharsRequest generate;
  generate.set_model("both");
  EXPECT_EQ(Generate(generate).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(ModelExchangeTest, RequestThatSaysTooLittle_IsInvalid) {
  const std::string bytes = FileOf(StateDict(1, 2, 3));
  EXPECT_THAT(FieldsOf(Import(Request("m"), bytes)), ElementsAre("network", "vocabulary"));
  v1::ImportModelRequest request = PlainRequest("m");
  request.mutable_network()->clear_cell_type();
  EXPECT_THAT(FieldsOf(Import(request, bytes)), ElementsAre("network.cell_type"));
  request = PlainRequest("");
  EXPECT_THAT(FieldsOf(Import(request, bytes)), ElementsAre("name"));
  request = PlainRequest("../m");
  EXPECT_THAT(FieldsOf(Import(request, bytes)), ElementsAre("name"));
  grpc::ClientContext context;
  v1::ImportModelResponse response;
  const auto writer = models_->ImportModel(&context, &response);
  writer->WritesDone();
  EXPECT_THAT(FieldsOf(writer->Finish()), ElementsAre("name"));
  EXPECT_THAT(FieldsOf(Import(PlainRequest("m"), "")), ElementsAre("chunk"));
  ExpectNoModel("m");
}

TEST_F(ModelExchangeTest, NetworkOutOfBounds_IsInvalidByField) {
  v1::ImportModelRequest request = PlainRequest("m");
  v1::NetworkConfig& network = *request.mutable_network();
  network.set_cell_type(static_cast<v1::CellType>(99));
  network.set_num_layers(9);
  network.set_hidden_size(0);
  network.set_embedding_size(-1);
  network.set_min_char_count(2);
  network.set_document_separator("\n\n");
  EXPECT_THAT(FieldsOf(Import(request, FileOf(StateDict(1, 2, 3)))),
              ElementsAre("network.cell_type", "network.num_layers", "network.hidden_size",
                          "network.embedding_size", "network.min_char_count",
                          "network.document_separator"));
  request = PlainRequest("m");
  request.set_vocabulary(std::string(1'112'065, 'a'));
  const grpc::Status status = Import(request, FileOf(StateDict(1, 2, 3)));
  EXPECT_THAT(FieldsOf(status), ElementsAre("vocabulary"));
  EXPECT_THAT(status.error_message(), HasSubstr("has 1112065 characters; at most 1112064"));
  request = PlainRequest("m");
  request.clear_vocabulary();
  request.mutable_network()->set_vocabulary(v1::VOCABULARY_KIND_CODE_POINTS);
  EXPECT_THAT(FieldsOf(Import(request, FileOf(StateDict(1, 2, 3)))), ElementsAre("vocabulary"));
  request = PlainRequest("m");
  request.mutable_network()->set_vocabulary(v1::VOCABULARY_KIND_BYTES);
  EXPECT_THAT(FieldsOf(Import(request, FileOf(StateDict(1, 2, 3)))), ElementsAre("vocabulary"));
}

TEST_F(ModelExchangeTest, RequestThatContradictsRunnelsFile_IsInvalid) {
  TrainModel("m");
  std::string bytes;
  ASSERT_TRUE(Export("m", &bytes).ok());
  v1::ImportModelRequest request = PlainRequest("other");
  request.mutable_network()->set_cell_type(v1::CELL_TYPE_LSTM);
  request.mutable_network()->set_num_layers(2);
  request.mutable_network()->set_bidirectional(true);
  EXPECT_THAT(FieldsOf(Import(request, bytes)),
              ElementsAre("network.cell_type", "network.num_layers", "network.bidirectional",
                          "vocabulary"));
  request = Request("other");
  request.mutable_network()->set_vocabulary(v1::VOCABULARY_KIND_BYTES);
  EXPECT_THAT(FieldsOf(Import(request, bytes)), ElementsAre("network.vocabulary"));
  v1::TrainRequest of_bytes = TinyTraining("bytes", 1);
  of_bytes.mutable_network()->set_vocabulary(v1::VOCABULARY_KIND_BYTES);
  ASSERT_EQ(MustTrain(of_bytes, /*wait=*/true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  std::string bytes_file;
  ASSERT_TRUE(Export("bytes", &bytes_file).ok());
  request.mutable_network()->set_vocabulary(v1::VOCABULARY_KIND_CODE_POINTS);
  EXPECT_THAT(FieldsOf(Import(request, bytes_file)), ElementsAre("network.vocabulary"));
  EXPECT_TRUE(Import(request, bytes).ok());
  v1::TrainRequest of_rare = TinyTraining("rare", 1);
  of_rare.mutable_network()->set_min_char_count(2);
  ASSERT_EQ(MustTrain(of_rare, /*wait=*/true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  std::string rare_file;
  ASSERT_TRUE(Export("rare", &rare_file).ok());
  request = Request("other");
  request.mutable_network()->set_min_char_count(1);
  EXPECT_THAT(FieldsOf(Import(request, rare_file)), ElementsAre("network.min_char_count"));
  EXPECT_TRUE(Import(request, bytes).ok());
  // The request may repeat what the file says about itself.
  request = Request("other");
  request.mutable_network()->set_cell_type(v1::CELL_TYPE_RNN_TANH);
  request.mutable_network()->set_hidden_size(8);
  EXPECT_TRUE(Import(request, bytes).ok());
}

TEST_F(ModelExchangeTest, DamagedFile_IsInvalidAndLeavesNothing) {
  TrainModel("m");
  std::string bytes;
  ASSERT_TRUE(Export("m", &bytes).ok());
  const std::string plain = FileOf(StateDict(1, 2, 3));
  std::string flipped = bytes;
  flipped.back() ^= 1;
  for (const std::string& bad :
       {std::string("garbage"), std::string(1000, 'x'), std::string("PK\x03\x04", 4) + bytes,
        flipped, bytes.substr(0, bytes.size() - 1), bytes + "x", bytes.substr(0, 100),
        plain.substr(0, plain.size() - 4), plain + std::string(4, '\0')}) {
    const grpc::Status status = Import(PlainRequest("bad"), bad);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(FieldsOf(status), ElementsAre("chunk")) << status.error_message();
  }
  EXPECT_EQ(ImportFiles(), 0u);
  ExpectNoModel("bad");
}

TEST_F(ModelExchangeTest, TrainingOfAnOutsideFile_KeepsKnownFieldsOnly) {
  ModelData model;
  model.description.network = {.num_layers = 1, .hidden_size = 2};
  model.description.vocabulary = Vocabulary::FromCodePoints({U'a', U'b'}).value();
  model.description.training_job = "theirs";
  model.description.training = R"({"batch_size": 3, "later": {"deep": [1, 2]}, "seed": "17"})";
  model.parameters.resize(MakeNetwork<float>(model.description.network, 2)->layout().size(), 0.25f);
  v1::ImportModelResponse response;
  ASSERT_TRUE(Import(Request("m"), EncodeModel(model), &response).ok());
  EXPECT_EQ(response.version().training().batch_size(), 3);
  EXPECT_EQ(response.version().training().seed(), 17u);
  EXPECT_EQ(response.version().training_job(), "");
  EXPECT_EQ(testing::ReadFile(VersionPath("m", 1)).find("later"), std::string::npos);
}

TEST_F(ModelExchangeTest, FileLargerThanTheServerTakes_IsResourceExhausted) {
  const std::string bytes = FileOf(StateDict(1, 2, 3));
  options_.max_model_bytes = static_cast<int64_t>(bytes.size()) - 1;
  StartServer();
  EXPECT_EQ(Import(PlainRequest("m"), bytes).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ImportFiles(), 0u);
  options_.max_model_bytes += 1;
  StartServer();
  EXPECT_TRUE(Import(PlainRequest("m"), bytes).ok());
}

TEST_F(ModelExchangeTest, BrokenStream_PublishesNothingAndLeavesNothing) {
  // Sends the whole file, but does not end the stream.
  {
    grpc::ClientContext context;
    v1::ImportModelResponse response;
    const auto writer = models_->ImportModel(&context, &response);
    v1::ImportModelRequest request = PlainRequest("m");
    request.set_chunk(FileOf(StateDict(1, 2, 3)));
    ASSERT_TRUE(writer->Write(request));
    EXPECT_TRUE(Eventually([&] { return ImportFiles() == 1; }));
    context.TryCancel();
    EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_TRUE(Eventually([&] { return ImportFiles() == 0; }));
  // Once the server has stopped, it has done everything that it does for the call.
  StartServer();
  ExpectNoModel("m");
}

TEST_F(ModelExchangeTest, MoreImportsThanAConnectionsPlaces_AreResourceExhausted) {
  struct Open {
    grpc::ClientContext context;
    v1::ImportModelResponse response;
    std::unique_ptr<grpc::ClientWriter<v1::ImportModelRequest>> writer;
  };
  std::vector<std::unique_ptr<Open>> open;
  for (int i = 0; i < kImportsOfAConnectionMax; ++i) {
    open.push_back(std::make_unique<Open>());
    open.back()->writer = models_->ImportModel(&open.back()->context, &open.back()->response);
    v1::ImportModelRequest request = PlainRequest("m");
    request.set_chunk(FileOf(StateDict(1, 2, 3)).substr(0, 20));
    ASSERT_TRUE(open.back()->writer->Write(request));
  }
  ASSERT_TRUE(Eventually([&] { return ImportFiles() == kImportsOfAConnectionMax; }));
  EXPECT_EQ(Import(PlainRequest("m"), "12345678").error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (const auto& call : open) {
    call->context.TryCancel();
    EXPECT_EQ(call->writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_TRUE(
      Eventually([&] { return Import(PlainRequest("m"), FileOf(StateDict(1, 2, 3))).ok(); }));
}

TEST_F(ModelExchangeTest, ExportOfWhatIsNotThere_IsToldApart) {
  std::string bytes;
  EXPECT_EQ(Export("nobody", &bytes).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(FieldsOf(Export("../m", &bytes)), ElementsAre("model"));
  EXPECT_EQ(bytes, "");
}

TEST_F(ModelExchangeTest, ExportOfADamagedFile_IsDataLossAndMarksTheVersion) {
  TrainModel("m");
  TrainModel("m");
  std::string file = testing::ReadFile(VersionPath("m", 2));
  file.back() ^= 1;
  testing::WriteFile(VersionPath("m", 2), file);
  std::string bytes;
  const grpc::Status status = Export("m", &bytes);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("m:2"), HasSubstr("checksum")));
  // A name without a version stands for the newest version that is not damaged.
  bytes.clear();
  EXPECT_TRUE(Export("m", &bytes).ok());
  EXPECT_EQ(bytes, testing::ReadFile(VersionPath("m", 1)));
  EXPECT_EQ(Export("m:2", &bytes).error_code(), grpc::StatusCode::DATA_LOSS);
}

TEST_F(ModelExchangeTest, ExportThatIsBrokenOff_EndsQuietly) {
  TrainModel("m");
  for (int i = 0; i < 50; ++i) {
    grpc::ClientContext context;
    v1::ExportModelRequest request;
    request.set_model("m");
    const auto reader = models_->ExportModel(&context, request);
    context.TryCancel();
    v1::ExportModelResponse piece;
    while (reader->Read(&piece)) continue;
    (void)reader->Finish();
  }
  std::string bytes;
  EXPECT_TRUE(Export("m", &bytes).ok());
}

}  // namespace
}  // namespace runnel::server
