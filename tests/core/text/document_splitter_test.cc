#include "core/text/document_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace runnel {
namespace {

using Documents = std::vector<std::string>;

Documents SplitPieces(const std::string& separator, const std::vector<std::string>& pieces) {
  Documents documents(1);
  const auto text = [&](absl::string_view piece) {
    EXPECT_FALSE(piece.empty());
    documents.back().append(piece.data(), piece.size());
    return absl::OkStatus();
  };
  const auto border = [&] {
    documents.emplace_back();
    return absl::OkStatus();
  };
  DocumentSplitter splitter(separator, text, border);
  for (const std::string& piece : pieces) EXPECT_TRUE(splitter.Write(piece).ok());
  EXPECT_TRUE(splitter.Finish().ok());
  return documents;
}

// The plain way, on the whole text.
Documents SplitWhole(const std::string& separator, std::string text) {
  Documents documents;
  for (size_t at; (at = text.find(separator)) != std::string::npos;) {
    documents.push_back(text.substr(0, at));
    text = text.substr(at + separator.size());
  }
  documents.push_back(text);
  return documents;
}

TEST(DocumentSplitter, PiecesCutAnywhere_GiveTheDocumentsOfTheWholeText) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 3000; ++trial) {
    std::string separator;
    for (int i = 1 + random() % 4; i > 0; --i) separator += static_cast<char>('a' + random() % 2);
    std::string text;
    std::vector<std::string> pieces;
    for (int i = random() % 12; i > 0; --i) {
      std::string piece;
      for (int c = 1 + random() % 5; c > 0; --c) piece += static_cast<char>('a' + random() % 3);
      text += piece;
      pieces.push_back(piece);
    }
    ASSERT_EQ(SplitPieces(separator, pieces), SplitWhole(separator, text))
        << text << " at " << separator;
  }
}

TEST(DocumentSplitter, EmptySeparator_IsNowhere) {
  EXPECT_EQ(SplitPieces("", {"ab", "c"}), Documents{"abc"});
}

TEST(DocumentSplitter, SinkError_EndsIt) {
  const auto text = [](absl::string_view) { return absl::OkStatus(); };
  const auto border = [] { return absl::AbortedError("enough"); };
  DocumentSplitter splitter("-", text, border);
  EXPECT_EQ(splitter.Write("a-b"), absl::AbortedError("enough"));
}

}  // namespace
}  // namespace runnel
