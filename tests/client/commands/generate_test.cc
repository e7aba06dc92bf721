#include "tests/client/client_fixture.h"

namespace runnel::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class GenerateTest : public ClientTest {
 protected:
  GenerateTest() {
    fake.generation.generate = [this](grpc::ServerContext*, const v1::GenerateCharsRequest& request,
                                      grpc::ServerWriter<v1::GenerateCharsResponse>* writer) {
      request_ = request;
      for (const std::string& text : texts_) {
        v1::GenerateCharsResponse response;
        response.set_text(text);
        writer->Write(response);
      }
      v1::GenerateCharsResponse last;
      *last.mutable_summary() = summary_;
      writer->Write(last);
      return status_;
    };
    fake.generation.sample = [this](const v1::SampleRequest& request,
                                    v1::SampleResponse* response) {
      sample_request_ = request;
      for (const std::string& text : texts_) {
        v1::SampledText* sample = response->add_samples();
        sample->set_text(text);
        *sample->mutable_summary() = summary_;
      }
      return status_;
    };
    summary_.set_finish_reason(v1::FINISH_REASON_LENGTH);
    summary_.set_generated_chars(6);
    summary_.set_model_version(3);
    summary_.set_seed(42);
    summary_.set_first_char_ms(1.25);
    summary_.set_total_ms(4);
  }

  std::vector<std::string> texts_ = {"abc", "é\x1b[2J"};
  v1::GenerationSummary summary_;
  grpc::Status status_;
  v1::GenerateCharsRequest request_;
  v1::SampleRequest sample_request_;
};

TEST_F(GenerateTest, Generate_Piped_PassesTheRawText) {
  EXPECT_EQ(Run({"generate", "m:3"}), 0);
  EXPECT_EQ(out, "abcé\x1b[2J");
  EXPECT_EQ(err, "");
  EXPECT_EQ(request_.model(), "m:3");
  EXPECT_FALSE(request_.sampling().has_temperature());
}

TEST_F(GenerateTest, Generate_OnTerminal_EscapesControlsAndEndsTheLine) {
  is_terminal = true;
  EXPECT_EQ(Run({"generate", "m"}), 0);
  EXPECT_EQ(out, "abcé\\x1b[2J\n");
}

TEST_F(GenerateTest, Generate_Flags_SetTheirFields) {
  EXPECT_EQ(Run({"generate",
                 "--stop",
                 "\n\n",
                 "--stop",
                 "[x,y]",
                 "m",
                 "--prompt",
                 "-- hi",
                 "--skip-unknown",
                 "--temperature",
                 "0",
                 "--seed",
                 "7",
                 "--top-k",
                 "5",
                 "--top-p",
                 "0.9",
                 "--min-p",
                 "0.1",
                 "--repetition-penalty",
                 "1.2",
                 "--logit-bias",
                 "==-100",
                 "--logit-bias",
                 "é=2.5",
                 "--pattern",
                 "[a-z]+",
                 "--include-stop",
                 "--max-chars",
                 "50",
                 "--max-chars-per-message",
                 "1"}),
            0)
      << err;
  EXPECT_EQ(request_.model(), "m");
  EXPECT_EQ(request_.prompt(), "-- hi");
  EXPECT_TRUE(request_.skip_unknown_prompt_chars());
  EXPECT_TRUE(request_.sampling().has_temperature());
  EXPECT_EQ(request_.sampling().temperature(), 0);
  EXPECT_EQ(request_.sampling().seed(), 7u);
  EXPECT_EQ(request_.sampling().top_k(), 5);
  EXPECT_FLOAT_EQ(request_.sampling().top_p(), 0.9);
  EXPECT_FLOAT_EQ(request_.sampling().min_p(), 0.1);
  EXPECT_FLOAT_EQ(request_.sampling().repetition_penalty(), 1.2);
  EXPECT_EQ(request_.sampling().logit_bias().at("="), -100);
  EXPECT_EQ(request_.sampling().logit_bias().at("é"), 2.5);
  EXPECT_EQ(request_.sampling().pattern(), "[a-z]+");
  ASSERT_EQ(request_.stop().stop_sequences_size(), 2);
  EXPECT_EQ(request_.stop().stop_sequences(0), "\n\n");
  EXPECT_EQ(request_.stop().stop_sequences(1), "[x,y]");
  EXPECT_TRUE(request_.stop().include_stop());
  EXPECT_EQ(request_.stop().max_chars(), 50);
  EXPECT_EQ(request_.max_chars_per_message(), 1);
}

TEST_F(GenerateTest, NumbersOutOfRange_AreShownAsTyped_WithTheRange) {
  const std::vector<std::vector<std::string>> cases = {
      {"--temperature", "1e39",
       "--temperature: \"1e39\" is not a number from -3.40282e+38 to 3.40282e+38"},
      {"--temperature", "nan", "\"nan\" is not a number from"},
      {"--logit-bias", "a=inf", "--logit-bias: \"inf\" is not a number from"},
      {"--max-chars", "2147483648",
       "--max-chars: \"2147483648\" is not a whole number from -2147483648 to 2147483647"},
      {"--seed", "-1", "--seed: \"-1\" is not a whole number from 0 to 18446744073709551615"},
      {"--timeout", "nan", "--timeout: \"nan\" is not a number from"}};
  for (const std::vector<std::string>& args : cases) {
    EXPECT_EQ(Run({"generate", "m", args[0], args[1]}), 2) << args[2];
    EXPECT_THAT(err, HasSubstr(args[2]));
  }
}

TEST_F(GenerateTest, Generate_BadFlagValues_AreBadUsage) {
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{"--temperature", "warm"},
                                             {"--seed", "-1"},
                                             {"--top-k", "3000000000"},
                                             {"--max-chars", "0x10"},
                                             {"--logit-bias", "ab=1"},
                                             {"--logit-bias", "a"},
                                             {"--prompt", "\xFF"},
                                             {"--seed", "1", "--seed", "2"}}) {
    std::vector<std::string> args = {"generate", "m"};
    args.insert(args.end(), flags.begin(), flags.end());
    EXPECT_EQ(Run(args), 2) << flags[0];
    EXPECT_THAT(err, AllOf(HasSubstr(flags[0]), HasSubstr("See runnel generate --help")));
  }
}

TEST_F(GenerateTest, Generate_EchoPrompt_ComesFirst) {
  EXPECT_EQ(Run({"generate", "m", "--prompt", "say: ", "--echo-prompt"}), 0);
  EXPECT_EQ(out, "say: abcé\x1b[2J");
}

TEST_F(GenerateTest, Generate_Stats_GoToStderr) {
  EXPECT_EQ(Run({"generate", "m", "--stats"}), 0);
  EXPECT_EQ(err,
            "6 chars, version 3, seed 42, finish length, first char 1.2 ms, total 4.0 ms, "
            "1500 chars/s\n");
}

TEST_F(GenerateTest, Generate_UnknownModel_PrintsNothingAndExitsThree) {
  fake.generation.generate = [](grpc::ServerContext*, const v1::GenerateCharsRequest&,
                                grpc::ServerWriter<v1::GenerateCharsResponse>*) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no model \"m\"");
  };
  is_terminal = true;
  EXPECT_EQ(Run({"generate", "m", "--prompt", "p", "--echo-prompt"}), 3);
  EXPECT_EQ(out, "");
  EXPECT_EQ(err, "runnel: no model \"m\"\n");
}

TEST_F(GenerateTest, Generate_BreaksMidway_KeepsTheTextAndExitsOne) {
  status_ = {grpc::StatusCode::INTERNAL, "boom"};
  EXPECT_EQ(Run({"generate", "m"}), 1);
  EXPECT_EQ(out, "abcé\x1b[2J");
  EXPECT_EQ(err, "runnel: boom\n");
}

TEST_F(GenerateTest, Generate_ServerDrains_ExitsFourAndSaysSo) {
  summary_.set_finish_reason(v1::FINISH_REASON_DRAINING);
  EXPECT_EQ(Run({"generate", "m"}), 4);
  EXPECT_THAT(err, HasSubstr("cut short"));
}

TEST_F(GenerateTest, Generate_CtrlC_CancelsTheCallAndExits130) {
  bool was_cancelled = false;
  fake.generation.generate = [&](grpc::ServerContext* context, const v1::GenerateCharsRequest&,
                                 grpc::ServerWriter<v1::GenerateCharsResponse>* writer) {
    v1::GenerateCharsResponse response;
    response.set_text("ab");
    writer->Write(response);
    EXPECT_TRUE(interrupt.Trigger());
    AwaitCancellation(context);
    was_cancelled = true;
    return grpc::Status::CANCELLED;
  };
  EXPECT_EQ(Run({"generate", "m"}), 130);
  EXPECT_EQ(err, "");
  fake.server->Shutdown();  // joins the handler
  EXPECT_TRUE(was_cancelled);
}

TEST_F(GenerateTest, Generate_ReaderLeaves_CancelsTheCallAndExitsZero) {
  fake.generation.generate = [](grpc::ServerContext* context, const v1::GenerateCharsRequest&,
                                grpc::ServerWriter<v1::GenerateCharsResponse>* writer) {
    v1::GenerateCharsResponse response;
    response.set_text("0123456789");
    while (writer->Write(response)) continue;
    AwaitCancellation(context);
    return grpc::Status::CANCELLED;
  };
  LeavingReader pipe(25, EPIPE);
  reader = &pipe;
  EXPECT_EQ(Run({"generate", "m", "--stats"}), 0);
  EXPECT_EQ(pipe.received(), "0123456789012345678901234");
  EXPECT_EQ(err, "");
}

TEST_F(GenerateTest, Generate_DiskFull_ExitsOneAndSaysWhy) {
  LeavingReader disk(1, ENOSPC);
  reader = &disk;
  EXPECT_EQ(Run({"generate", "m"}), 1);
  EXPECT_EQ(err, "runnel: cannot write to standard output: No space left on device\n");
}

TEST_F(GenerateTest, Generate_TimeoutRunsOut_ExitsFive) {
  fake.generation.generate = [](grpc::ServerContext* context, const v1::GenerateCharsRequest&,
                                grpc::ServerWriter<v1::GenerateCharsResponse>*) {
    AwaitCancellation(context);
    return grpc::Status::CANCELLED;
  };
  EXPECT_EQ(Run({"generate", "m", "--timeout", "0.05"}), 5);
  EXPECT_THAT(err, HasSubstr("--timeout"));
}

TEST_F(GenerateTest, Sample_OneText_IsPrintedAsItIs) {
  texts_ = {"one"};
  EXPECT_EQ(Run({"sample", "m", "--seed", "1"}), 0);
  EXPECT_EQ(out, "one");
  EXPECT_EQ(sample_request_.sampling().seed(), 1u);
  EXPECT_FALSE(sample_request_.has_num_samples());
}

TEST_F(GenerateTest, Sample_SeveralTexts_AreDividedByALine) {
  texts_ = {"one", "two\n", "three"};
  EXPECT_EQ(Run({"sample", "m", "--num-samples", "3", "--best-of", "4"}), 0);
  EXPECT_EQ(out, "one\n---\ntwo\n---\nthree\n");
  EXPECT_EQ(sample_request_.num_samples(), 3);
  EXPECT_EQ(sample_request_.best_of(), 4);
}

TEST_F(GenerateTest, PatternThatCannotBeCompleted_IsToldByGenerateAndSample) {
  summary_.set_finish_reason(v1::FINISH_REASON_PATTERN_IMPOSSIBLE);
  for (const char* command : {"generate", "sample"}) {
    EXPECT_EQ(Run({command, "m", "--pattern", "9+"}), 0);
    EXPECT_EQ(err, "runnel: the model's characters cannot complete a match of --pattern\n");
  }
}

TEST_F(GenerateTest, Sample_ServerDrains_ExitsFourAndSaysSo) {
  summary_.set_finish_reason(v1::FINISH_REASON_DRAINING);
  for (const char* json : {"--json", "--stats"}) {
    EXPECT_EQ(Run({"sample", "m", json}), 4);
    EXPECT_THAT(err, HasSubstr("cut short"));
  }
}

TEST_F(GenerateTest, Sample_Json_IsTheWholeResponse) {
  texts_ = {"a\x1b"};
  is_terminal = true;
  EXPECT_EQ(Run({"sample", "m", "--json"}), 0);
  EXPECT_THAT(out, AllOf(HasSubstr("\"text\": \"a\\u001b\""), HasSubstr("\"modelVersion\": 3"),
                         HasSubstr("\"seed\": \"42\"")));
}

}  // namespace
}  // namespace runnel::client
