// Reads the reference numbers that are stored next to this file.
#ifndef RUNNEL_TESTS_GOLDEN_GOLDEN_H_
#define RUNNEL_TESTS_GOLDEN_GOLDEN_H_

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace runnel {

inline nlohmann::json ReadGolden(const std::string& name) {
  std::ifstream file(std::string(RUNNEL_GOLDEN_DIR) + "/" + name);
  return nlohmann::json::parse(file);
}

// All numbers of a nested array, in order.
template <typename Number>
std::vector<Number> Flatten(const nlohmann::json& json) {
  if (!json.is_array()) return {json.get<Number>()};
  std::vector<Number> all;
  for (const nlohmann::json& element : json) {
    const std::vector<Number> inner = Flatten<Number>(element);
    all.insert(all.end(), inner.begin(), inner.end());
  }
  return all;
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_GOLDEN_GOLDEN_H_
