// Which character of a text each of its symbols belongs to.
#ifndef RUNNEL_CORE_READING_CHAR_INDICES_H_
#define RUNNEL_CORE_READING_CHAR_INDICES_H_

#include <cstdint>
#include <vector>

#include "core/text/vocabulary.h"

namespace runnel {

// For each symbol of `text`, the index of the character that it belongs to, from 0 on. It is the
// symbol's own index unless the symbols are bytes.
std::vector<int32_t> CharIndices(const Vocabulary& vocabulary, const std::vector<int32_t>& text);

}  // namespace runnel

#endif  // RUNNEL_CORE_READING_CHAR_INDICES_H_
