// Tests of score and fill.
#include "tests/client/client_fixture.h"

namespace runnel::client {
namespace {

using ::testing::HasSubstr;

class ScoreTest : public ClientTest {};

TEST_F(ScoreTest, Score_Answer_IsShownAsFields) {
  fake.generation.score = [](const v1::ScoreRequest& request, v1::ScoreResponse* response) {
    EXPECT_EQ(request.text(), "To be");
    EXPECT_EQ(request.context(), "HAMLET: ");
    response->set_scored_chars(5);
    response->set_logprob(-6.5);
    response->set_bits_per_char(1.875);
    response->set_perplexity(3.67f);
    response->set_model_version(2);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"score", "m", "To be", "--context", "HAMLET: "}), 0);
  EXPECT_EQ(out,
            "characters:          5\n"
            "log-probability:     -6.5000 nats\n"
            "bits per character:  1.8750\n"
            "perplexity:          3.6700 per character\n"
            "version:             2\n");
}

TEST_F(ScoreTest, Score_PerChar_ListsEachCharacterWithItsLogprob) {
  fake.generation.score = [](const v1::ScoreRequest& request, v1::ScoreResponse* response) {
    EXPECT_TRUE(request.per_char());
    for (const float logprob : {-1.5f, -10.25f, -0.125f}) response->add_char_logprobs(logprob);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"score", "m", "\u00E9 \n", "--per-char"}), 0);
  EXPECT_THAT(out, testing::EndsWith("CHARACTER      NATS\n"
                                     "\u00E9           -1.5000\n"
                                     "(space)    -10.2500\n"
                                     "\\n          -0.1250\n"));
}

TEST_F(ScoreTest, Score_PerCharWithSkippedOnes_ClaimsNoCharacter) {
  fake.generation.score = [](const v1::ScoreRequest& request, v1::ScoreResponse* response) {
    EXPECT_TRUE(request.skip_unknown_chars());
    response->add_char_logprobs(-1.5);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"score", "m", "ab", "--per-char", "--skip-unknown"}), 0);
  EXPECT_THAT(out, testing::EndsWith("CHARACTER     NATS\n?          -1.5000\n"));
}

TEST_F(ScoreTest, Score_NotOffered_PrintsTheServersWords) {
  fake.generation.score = [](const v1::ScoreRequest&, v1::ScoreResponse*) {
    return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "Score is not offered by this server");
  };
  EXPECT_EQ(Run({"score", "m", "text"}), 1);
  EXPECT_EQ(err, "runnel: Score is not offered by this server\n");
}

TEST_F(ScoreTest, Fill_Answer_IsTheTextAndTheCandidates) {
  fake.generation.fill = [](const v1::FillBlanksRequest& request,
                            v1::FillBlanksResponse* response) {
    EXPECT_EQ(request.text(), "h_llo");
    response->set_text("hello");
    v1::FilledBlank* blank = response->add_blanks();
    blank->set_position(1);
    v1::CharAlternative* candidate = blank->add_candidates();
    candidate->set_character("e");
    candidate->set_logprob(0);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"fill", "m", "h_llo"}), 0);
  EXPECT_EQ(out,
            "hello\n"
            "POSITION  CHARACTER  PROBABILITY\n"
            "       1  e               1.0000\n");
}

TEST_F(ScoreTest, Fill_SpacesAndLineBreaks_CanBeSeenAmongTheCandidates) {
  fake.generation.fill = [](const v1::FillBlanksRequest& request,
                            v1::FillBlanksResponse* response) {
    EXPECT_EQ(request.blank(), "?");
    EXPECT_EQ(request.candidates(), 2);
    response->set_text("a b");
    v1::FilledBlank* blank = response->add_blanks();
    blank->set_position(1);
    blank->add_candidates()->set_character(" ");
    blank->add_candidates()->set_character("\n");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"fill", "m", "a?b", "--blank", "?", "--candidates", "2"}), 0);
  EXPECT_EQ(out,
            "a b\n"
            "POSITION  CHARACTER  PROBABILITY\n"
            "       1  (space)         1.0000\n"
            "       1  \\n              1.0000\n");
}

TEST_F(ScoreTest, Fill_OneDirectionalModel_PrintsTheServersWords) {
  fake.generation.fill = [](const v1::FillBlanksRequest&, v1::FillBlanksResponse*) {
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "model m:1 is one-directional");
  };
  EXPECT_EQ(Run({"fill", "m", "a_b"}), 2);
  EXPECT_THAT(err, HasSubstr("model m:1 is one-directional"));
}

}  // namespace
}  // namespace runnel::client
