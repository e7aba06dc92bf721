// Carries the state of a training run to a file, or back into a run that begins anew.
//
// Each part of the run lists its members to the stream, in the same order for both directions. The
// sizes of all lists follow from the run's options, network and corpus, and from values that come
// before them, so only values are carried.
#ifndef RUNNEL_CORE_TRAIN_STATE_STREAM_H_
#define RUNNEL_CORE_TRAIN_STATE_STREAM_H_

#include <optional>
#include <type_traits>

#include "absl/types/span.h"

namespace runnel {

class StateStream {
 public:
  virtual ~StateStream() = default;

  // For arithmetic types.
  template <typename T>
  void Value(T* value) {
    List(absl::MakeSpan(value, 1));
  }
  template <typename T>
  void List(absl::Span<T> values) {
    static_assert(std::is_arithmetic_v<T>);
    Bytes(absl::MakeSpan(reinterpret_cast<char*>(values.data()), values.size() * sizeof(T)));
  }
  template <typename T>
  void Optional(std::optional<T>* value) {
    bool has_value = value->has_value();
    Value(&has_value);
    if (has_value && !value->has_value()) value->emplace();
    if (!has_value) value->reset();
    if (has_value) Value(&**value);
  }

 protected:
  // Writes the bytes, or overwrites them with those that were written in their place.
  virtual void Bytes(absl::Span<char> bytes) = 0;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_STATE_STREAM_H_
