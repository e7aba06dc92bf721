// Sample and GenerateChars over the wire.
#include <limits>

#include "core/text/utf8.h"
#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GenerationCallsTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    TrainModel("m");
  }

  static v1::GenerateCharsRequest Request(int max_chars) {
    v1::GenerateCharsRequest request;
    request.set_model("m");
    request.set_prompt("the ");
    request.mutable_sampling()->set_seed(42);
    request.mutable_stop()->set_max_chars(max_chars);
    return request;
  }
  std::string Text(const v1::GenerateCharsRequest& request) {
    std::vector<v1::GenerateCharsResponse> messages;
    const grpc::Status status = Generate(request, &messages);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return Joined(messages);
  }
  static size_t Chars(const std::string& text) {
    const auto chars = DecodeUtf8(text);
    EXPECT_TRUE(chars.ok());
    return chars.ok() ? chars->size() : 0;
  }
};

TEST_F(GenerationCallsTest, GenerateChars_StreamsTheTextAndASummaryLast) {
  std::vector<v1::GenerateCharsResponse> messages;
  ASSERT_TRUE(Generate(Request(100), &messages).ok());
  EXPECT_EQ(Chars(Joined(messages)), 100u);
  for (size_t i = 0; i + 1 < messages.size(); ++i) {
    EXPECT_FALSE(messages[i].has_summary());
    EXPECT_NE(messages[i].text(), "");
  }
  const v1::GenerationSummary& summary = messages.back().summary();
  EXPECT_EQ(summary.finish_reason(), v1::FINISH_REASON_LENGTH);
  EXPECT_EQ(summary.model_version(), 1);
  EXPECT_EQ(summary.seed(), 42u);
  EXPECT_EQ(summary.prompt_chars(), 4);
  EXPECT_EQ(summary.generated_chars(), 100);
  EXPECT_LT(summary.logprob(), 0);
  EXPECT_LE(summary.queue_ms(), summary.first_char_ms());
  EXPECT_LE(summary.first_char_ms(), summary.total_ms());
}

TEST_F(GenerationCallsTest, SameSeed_GivesTheSameText) {
  v1::GenerateCharsRequest request = Request(200);
  const std::string text = Text(request);
  EXPECT_EQ(Text(request), text);
  request.mutable_sampling()->set_seed(43);
  EXPECT_NE(Text(request), text);
}

TEST_F(GenerationCallsTest, AbsentSeed_IsDrawnAndRepeatsTheText) {
  v1::GenerateCharsRequest request = Request(200);
  request.mutable_sampling()->clear_seed();
  std::vector<v1::GenerateCharsResponse> messages;
  ASSERT_TRUE(Generate(request, &messages).ok());
  request.mutable_sampling()->set_seed(messages.back().summary().seed());
  EXPECT_EQ(Text(request), Joined(messages));
  request.mutable_sampling()->clear_seed();
  EXPECT_NE(Text(request), Joined(messages));
}

TEST_F(GenerationCallsTest, TemperatureZero_IsTheSameForEverySeed) {
  v1::GenerateCharsRequest request = Request(100);
  request.mutable_sampling()->set_temperature(0);
  const std::string text = Text(request);
  request.mutable_sampling()->set_seed(1);
  EXPECT_EQ(Text(request), text);
}

TEST_F(GenerationCallsTest, MaxCharsPerMessage_BoundsMessagesAndChangesNoText) {
  const std::string text = Text(Request(300));
  for (const int chars : {1, 7}) {
    v1::GenerateCharsRequest request = Request(300);
    request.set_max_chars_per_message(chars);
    std::vector<v1::GenerateCharsResponse> messages;
    ASSERT_TRUE(Generate(request, &messages).ok());
    for (const auto& message : messages) {
      EXPECT_LE(Chars(message.text()), static_cast<size_t>(chars));
    }
    EXPECT_EQ(Joined(messages), text);
  }
}

TEST_F(GenerationCallsTest, ByteModel_WritesWholeCharactersInEveryMessage) {
  v1::TrainRequest train = TinyTraining("bytes", 3);
  train.mutable_network()->set_vocabulary(v1::VOCABULARY_KIND_BYTES);
  std::string text;
  for (int i = 0; i < 50; ++i) text += "日本語 é 😀\n";
  train.set_text(text);
  ASSERT_EQ(MustTrain(train, /*wait=*/true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  v1::GenerateCharsRequest request = Request(400);
  request.set_model("bytes");
  request.set_prompt("日");
  request.set_max_chars_per_message(1);
  std::vector<v1::GenerateCharsResponse> messages;
  ASSERT_TRUE(Generate(request, &messages).ok());
  for (const auto& message : messages) EXPECT_LE(Chars(message.text()), 1u);
  EXPECT_EQ(Chars(Joined(messages)), 400u);
}

TEST_F(GenerationCallsTest, Sample_FirstTextEqualsGenerateCharsAndTheOthersDiffer) {
  v1::SampleRequest request;
  request.set_model("m");
  request.set_prompt("the ");
  request.mutable_sampling()->set_seed(42);
  request.mutable_stop()->set_max_chars(150);
  request.set_num_samples(3);
  v1::SampleResponse response;
  ASSERT_TRUE(Sample(request, &response).ok());
  ASSERT_EQ(response.samples_size(), 3);
  EXPECT_EQ(response.samples(0).text(), Text(Request(150)));
  EXPECT_NE(response.samples(1).text(), response.samples(0).text());
  EXPECT_NE(response.samples(1).text(), response.samples(2).text());
  for (const auto& sample : response.samples()) {
    EXPECT_EQ(sample.summary().generated_chars(), 150);
    EXPECT_EQ(sample.summary().finish_reason(), v1::FINISH_REASON_LENGTH);
    EXPECT_EQ(sample.summary().seed(), 42u);
  }
}

TEST_F(GenerationCallsTest, ManyStreamsAtATime_EachGetsTheTextItWouldGetAlone) {
  const std::string alone = Text(Request(2000));
  std::vector<std::thread> callers;
  for (int i = 0; i < 16; ++i) {
    callers.emplace_back([&] { EXPECT_EQ(Text(Request(2000)), alone); });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST_F(GenerationCallsTest, FirstCharacter_IsSentAtOnceHoweverManyStreamsThereAre) {
  std::vector<std::thread> callers;
  for (int i = 0; i < 16; ++i) {
    callers.emplace_back([&] {
      std::vector<v1::GenerateCharsResponse> messages;
      EXPECT_TRUE(Generate(Request(500), &messages).ok());
      EXPECT_EQ(Chars(messages.front().text()), 1u);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST_F(GenerationCallsTest, LongPrompt_IsReadToItsLastCharacter) {
  v1::GenerateCharsRequest request = Request(50);
  request.set_prompt(PlainText(10));
  const std::string text = Text(request);
  request.set_max_chars_per_message(1);
  EXPECT_EQ(Text(request), text);
  EXPECT_EQ(Chars(text), 50u);
  const auto first_logprob = [&] {
    request.mutable_stop()->set_max_chars(1);
    std::vector<v1::GenerateCharsResponse> messages;
    EXPECT_TRUE(Generate(request, &messages).ok());
    return messages.back().summary().logprob();
  };
  const float logprob = first_logprob();
  request.mutable_prompt()->back() = 'x';
  EXPECT_NE(first_logprob(), logprob);
}

TEST_F(GenerationCallsTest, EmptyPrompt_StartsANewText) {
  v1::GenerateCharsRequest request = Request(10);
  request.clear_prompt();
  std::vector<v1::GenerateCharsResponse> messages;
  ASSERT_TRUE(Generate(request, &messages).ok());
  EXPECT_EQ(messages.back().summary().prompt_chars(), 0);
  EXPECT_EQ(Chars(Joined(messages)), 10u);
}

TEST_F(GenerationCallsTest, UnknownPromptCharacters_AreNamedOrSkipped) {
  v1::GenerateCharsRequest request = Request(10);
  request.set_prompt("the é!");
  const grpc::Status status = Generate(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(status), ElementsAre("prompt"));
  EXPECT_THAT(status.error_message(), HasSubstr("é"));
  EXPECT_THAT(status.error_message(), HasSubstr("'!'"));

  request.set_skip_unknown_prompt_chars(true);
  std::vector<v1::GenerateCharsResponse> messages;
  ASSERT_TRUE(Generate(request, &messages).ok());
  EXPECT_EQ(messages.back().summary().prompt_chars(), 4);
  EXPECT_EQ(Joined(messages), Text(Request(10)));
}

TEST_F(GenerationCallsTest, UnknownModelsAndVersions_AreNotFound) {
  for (const char* model : {"nobody", "m:2", "m:stable"}) {
    v1::GenerateCharsRequest request = Request(10);
    request.set_model(model);
    EXPECT_EQ(Generate(request).error_code(), grpc::StatusCode::NOT_FOUND) << model;
    v1::SampleRequest sample;
    sample.set_model(model);
    v1::SampleResponse response;
    EXPECT_EQ(Sample(sample, &response).error_code(), grpc::StatusCode::NOT_FOUND) << model;
  }
}

TEST_F(GenerationCallsTest, MalformedReferences_AreInvalid) {
  for (const char* model : {"", "../x", "m:0", "m:", "m:1:1", "M", "m:99999999999"}) {
    v1::GenerateCharsRequest request = Request(10);
    request.set_model(model);
    const grpc::Status status = Generate(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << model;
    EXPECT_THAT(FieldsOf(status), ElementsAre("model")) << model;
  }
}

TEST_F(GenerationCallsTest, OptionsOutOfRange_AreInvalidWithValueAndBound) {
  v1::GenerateCharsRequest request = Request(0);
  request.mutable_sampling()->set_temperature(-1);
  grpc::Status status = Generate(request);
  EXPECT_EQ(status.error_message(),
            "sampling.temperature: is -1; must be 0 or more, and finite; "
            "stop.max_chars: is 0; must be 1 to 1000000");
  EXPECT_THAT(FieldsOf(status), ElementsAre("sampling.temperature", "stop.max_chars"));
  status = Generate(Request(1'000'001));
  EXPECT_THAT(FieldsOf(status), ElementsAre("stop.max_chars"));
}

TEST_F(GenerationCallsTest, CancelledStream_StopsItsWork) {
  grpc::ClientContext context;
  const auto reader = generation_->GenerateChars(&context, Request(1'000'000));
  v1::GenerateCharsResponse message;
  ASSERT_TRUE(reader->Read(&message));
  EXPECT_EQ(server_->active_texts(), 1);
  context.TryCancel();
  while (reader->Read(&message)) continue;
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Eventually([&] { return server_->active_texts() == 0; }));
}

TEST_F(GenerationCallsTest, StreamThatNobodyReads_IsPausedAndCancelled) {
  grpc::ClientContext context;
  v1::GenerateCharsRequest request = Request(1'000'000);
  request.set_max_chars_per_message(1);
  const auto reader = generation_->GenerateChars(&context, request);
  v1::GenerateCharsResponse message;
  ASSERT_TRUE(reader->Read(&message));
  Text(Request(1000));  // another one is not held up
  context.TryCancel();
  EXPECT_TRUE(Eventually([&] { return server_->active_texts() == 0; }));
}

TEST_F(GenerationCallsTest, Deadline_EndsAStream) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  const auto reader = generation_->GenerateChars(&context, Request(1'000'000));
  v1::GenerateCharsResponse message;
  while (reader->Read(&message)) continue;
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(Eventually([&] { return server_->active_texts() == 0; }));
}

TEST_F(GenerationCallsTest, CancelledSample_StopsItsWork) {
  v1::SampleRequest request;
  request.set_model("m");
  request.set_num_samples(8);
  request.mutable_stop()->set_max_chars(1'000'000);
  grpc::ClientContext context;
  v1::SampleResponse response;
  std::thread caller([&] {
    EXPECT_EQ(generation_->Sample(&context, request, &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  EXPECT_TRUE(Eventually([&] { return server_->active_texts() == 8; }));
  context.TryCancel();
  caller.join();
  EXPECT_TRUE(Eventually([&] { return server_->active_texts() == 0; }));
}

TEST_F(GenerationCallsTest, StatesOfTexts_ArePartOfTheirMemory) {
  options_.memory_bytes = 20 << 20;
  options_.max_message_bytes = 64 << 10;
  StartServer();
  constexpr int kTexts = 64;
  const auto bytes_needed = [this](int hidden, bool return_state) {
    v1::TrainRequest training = TinyTraining("m", 1);
    training.mutable_network()->set_hidden_size(hidden);
    EXPECT_EQ(MustTrain(training, /*wait=*/true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
    v1::SampleRequest request;
    request.set_model("m");
    request.set_prompt(PlainText(200));  // beyond the memory with so many texts
    request.set_num_samples(kTexts);
    request.set_return_state(return_state);
    request.mutable_stop()->set_max_chars(1);
    v1::SampleResponse response;
    grpc::ClientContext context;
    return BytesNeeded(generation_->Sample(&context, request, &response));
  };
  const int64_t small = bytes_needed(8, false);
  EXPECT_EQ(bytes_needed(40, false), small + int64_t{kTexts} * 32 * 4);
  EXPECT_GE(bytes_needed(40, true), small + int64_t{kTexts} * (32 + 2 * 40) * 4);
}

TEST_F(GenerationCallsTest, TooManyStreams_AreResourceExhausted) {
  options_.max_streams = 2;
  StartServer();
  grpc::ClientContext context;
  const auto reader = generation_->GenerateChars(&context, Request(1'000'000));
  v1::GenerateCharsResponse message;
  ASSERT_TRUE(reader->Read(&message));
  v1::SampleRequest sample;
  sample.set_model("m");
  sample.set_num_samples(2);
  v1::SampleResponse response;
  EXPECT_EQ(Sample(sample, &response).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  sample.set_num_samples(1);
  EXPECT_TRUE(Sample(sample, &response).ok());
  // More than there may ever be.
  sample.set_num_samples(3);
  grpc::Status status = Sample(sample, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "num_samples: is 3; this server writes at most 2 texts at a time");
  sample.set_num_samples(1);
  sample.set_best_of(4);
  status = Sample(sample, &response);
  EXPECT_EQ(status.error_message(), "best_of: is 4; this server writes at most 2 texts at a time");
  context.TryCancel();
}

TEST_F(GenerationCallsTest, ModelDeletedMeanwhile_StreamFinishes) {
  grpc::ClientContext context;
  const auto reader = generation_->GenerateChars(&context, Request(20'000));
  v1::GenerateCharsResponse message;
  ASSERT_TRUE(reader->Read(&message));
  v1::DeleteModelRequest request;
  request.set_model("m");
  v1::DeleteModelResponse response;
  grpc::ClientContext delete_context;
  ASSERT_TRUE(models_->DeleteModel(&delete_context, request, &response).ok());
  while (reader->Read(&message)) continue;
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(message.summary().generated_chars(), 20'000);
  EXPECT_EQ(Generate(Request(1)).error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace runnel::server
