// Tests of the functions on text: UTF-8, escaping, tables and enum names.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/output/enum_name.h"
#include "client/output/table.h"
#include "client/output/terminal_text.h"
#include "client/output/utf8.h"
#include "runnel/v1/generation.pb.h"
#include "runnel/v1/training.pb.h"

namespace runnel::client {
namespace {

using ::testing::ElementsAre;

TEST(Utf8Test, CharLength_EveryLength_IsItsBytes) {
  EXPECT_EQ(CharLength("a"), 1u);
  EXPECT_EQ(CharLength("é!"), 2u);
  EXPECT_EQ(CharLength("€"), 3u);
  EXPECT_EQ(CharLength("🌊"), 4u);
}

TEST(Utf8Test, CharLength_Malformed_IsZero) {
  for (const char* bytes :
       {"", "\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xC3("}) {
    EXPECT_EQ(CharLength(bytes), 0u) << EscapeControls(bytes);
  }
}

TEST(Utf8Test, ValidUtf8Prefix_BadByte_EndsBeforeIt) {
  EXPECT_EQ(ValidUtf8Prefix("é€"), 5u);
  EXPECT_EQ(ValidUtf8Prefix("é\xFFz"), 2u);
  EXPECT_EQ(CountChars("é\xFFz"), 3u);
}

TEST(TerminalTextTest, EscapeControls_ControlCharacters_BecomeVisible) {
  EXPECT_EQ(EscapeControls("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(EscapeControls("\a\b\r\x7f"), "\\x07\\x08\\x0d\\x7f");
  EXPECT_EQ(EscapeControls("\xC2\x9B"
                           "31m"),
            "\\u009b31m");
  EXPECT_EQ(EscapeControls("\x9B"), "\\x9b");
  EXPECT_EQ(EscapeControls(absl::string_view("\0", 1)), "\\x00");
}

TEST(TerminalTextTest, EscapeControls_OrdinaryText_StaysAsItIs) {
  EXPECT_EQ(EscapeControls("Ωμέγα\t🌊\n\xC2\xA0"), "Ωμέγα\t🌊\n\xC2\xA0");
}

TEST(TerminalTextTest, EscapeLine_LineBreaks_StayOnOneLine) {
  EXPECT_EQ(EscapeLine("a\nb\tc"), "a\\nb\\tc");
}

TEST(TableTest, FormatTable_TextAndNumbers_AreAligned) {
  EXPECT_EQ(
      FormatTable({{"NAME", "STEP", "LOSS"}, {"é", "5", "1.25"}, {"shakespeare", "1200", ""}}),
      "NAME         STEP  LOSS\n"
      "é               5  1.25\n"
      "shakespeare  1200     -\n");
}

TEST(TableTest, FormatTable_HostileCell_CannotBreakTheLine) {
  EXPECT_EQ(FormatTable({{"A"}, {"x\n\x1b[H"}}), "A\nx\\n\\x1b[H\n");
}

TEST(TableTest, FormatFields_EmptyValue_IsLeftOut) {
  EXPECT_EQ(FormatFields({{"id", "7"}, {"a long label", ""}, {"state", "ok"}}),
            "id:     7\nstate:  ok\n");
}

TEST(EnumNameTest, EnumName_WireValue_IsShortLowerCase) {
  EXPECT_EQ(EnumName(v1::CELL_TYPE_GRU_RESET_AFTER), "gru-reset-after");
  EXPECT_EQ(EnumName(v1::TRAINING_JOB_STATE_RUNNING), "running");
  EXPECT_EQ(EnumName(v1::FINISH_REASON_UNSPECIFIED), "");
  EXPECT_EQ(EnumName(static_cast<v1::CellType>(77)), "");
}

TEST(EnumNameTest, EnumNames_Recipe_LeavesOutUnspecified) {
  EXPECT_THAT(EnumNames(*v1::Recipe_descriptor()), ElementsAre("seed", "fast", "best"));
}

TEST(EnumNameTest, FindEnumValue_FullNameOrUniqueBeginning_IsFound) {
  const auto& cells = *v1::CellType_descriptor();
  EXPECT_EQ(FindEnumValue(cells, "lstm")->number(), v1::CELL_TYPE_LSTM);
  EXPECT_EQ(FindEnumValue(cells, "RNN_TANH")->number(), v1::CELL_TYPE_RNN_TANH);
  EXPECT_EQ(FindEnumValue(*v1::LossReduction_descriptor(), "sum")->number(),
            v1::LOSS_REDUCTION_SUM_OVER_TIME);
  EXPECT_EQ(FindEnumValue(*v1::Optimizer_descriptor(), "adam")->number(), v1::OPTIMIZER_ADAM);
}

TEST(EnumNameTest, FindEnumValue_AmbiguousUnknownOrUnspecified_IsNull) {
  const auto& cells = *v1::CellType_descriptor();
  for (const char* name : {"", "rnn", "gru", "transformer", "unspecified"}) {
    EXPECT_EQ(FindEnumValue(cells, name), nullptr) << name;
  }
}

}  // namespace
}  // namespace runnel::client
