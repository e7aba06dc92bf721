#include "client/output/table.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/output/terminal_text.h"
#include "client/output/utf8.h"

namespace runnel::client {
namespace {

bool IsNumeric(const std::string& cell) {
  double ignored;
  return cell == "-" || absl::SimpleAtod(cell, &ignored);
}

struct Column {
  size_t width = 0;
  bool numeric = true;
};

std::vector<Column> MeasureColumns(const std::vector<TableRow>& rows) {
  std::vector<Column> columns;
  for (size_t r = 0; r < rows.size(); ++r) {
    columns.resize(std::max(columns.size(), rows[r].size()));
    for (size_t c = 0; c < rows[r].size(); ++c) {
      columns[c].width = std::max(columns[c].width, CountChars(rows[r][c]));
      if (r > 0) columns[c].numeric &= IsNumeric(rows[r][c]);
    }
  }
  return columns;
}

}  // namespace

std::string FormatTable(const std::vector<TableRow>& rows) {
  std::vector<TableRow> shown = rows;
  for (TableRow& row : shown) {
    for (std::string& cell : row) cell = cell.empty() ? "-" : EscapeLine(cell);
  }
  const std::vector<Column> columns = MeasureColumns(shown);
  std::string text;
  for (const TableRow& row : shown) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string padding(columns[c].width - CountChars(row[c]), ' ');
      if (c > 0) line += "  ";
      line += columns[c].numeric ? padding + row[c] : row[c] + padding;
    }
    absl::StripTrailingAsciiWhitespace(&line);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::string FormatFields(const std::vector<TableRow>& label_and_value) {
  size_t width = 0;
  for (const TableRow& field : label_and_value) {
    if (!field[1].empty()) width = std::max(width, CountChars(field[0]));
  }
  std::string text;
  for (const TableRow& field : label_and_value) {
    if (field[1].empty()) continue;
    const std::string padding(width - CountChars(field[0]) + 2, ' ');
    absl::StrAppend(&text, field[0], ":", padding, EscapeLine(field[1]), "\n");
  }
  return text;
}

}  // namespace runnel::client
