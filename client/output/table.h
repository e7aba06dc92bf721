// Tables and lists of fields for people.
#ifndef RUNNEL_CLIENT_OUTPUT_TABLE_H_
#define RUNNEL_CLIENT_OUTPUT_TABLE_H_

#include <string>
#include <vector>

namespace runnel::client {

using TableRow = std::vector<std::string>;

// Formats rows as lines with aligned columns, two spaces apart. The first row is the header. A
// column in which all other cells are numbers (or "-") is aligned to the right. Cells are escaped
// with EscapeLine; an empty cell is shown as "-".
std::string FormatTable(const std::vector<TableRow>& rows);

// Formats pairs as lines "label:  value" with aligned values. Pairs with an empty value are left
// out.
std::string FormatFields(const std::vector<TableRow>& label_and_value);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_TABLE_H_
