// Numbers that nobody can foresee: seeds for requests that give none, and the ids of jobs and
// corpora.
#ifndef RUNNEL_CORE_BASE_RANDOM_ID_H_
#define RUNNEL_CORE_BASE_RANDOM_ID_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace runnel {

uint64_t RandomSeed();

// 128 random bits as 32 lower-case hexadecimal digits.
std::string RandomId();

// Whether `id` has the form of a RandomId. Such an id is safe in a file name.
bool IsRandomId(absl::string_view id);

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_RANDOM_ID_H_
