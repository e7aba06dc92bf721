#ifndef RUNNEL_CLIENT_OUTPUT_TABLE_H_
#define RUNNEL_CLIENT_OUTPUT_TABLE_H_

#include <string>
#include <vector>

namespace runnel::client {

using TableRow = std::vector<std::string>;

// Rows as lines with aligned columns, two spaces between them; the first row is the head. A column
// whose body cells are all numbers (or "-") is aligned to the right. Cells are escaped
// (EscapeLine), an empty cell shows as "-".
std::string FormatTable(const std::vector<TableRow>& rows);

// "label:  value" lines with aligned values; entries without a value are left out.
std::string FormatFields(const std::vector<TableRow>& label_and_value);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_TABLE_H_
