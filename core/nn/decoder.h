// A network with its weights packed for generating text, one character of many sessions at a time.
//
// Shapes: V characters, H hidden. A session's state is [layers][states][H], where a cell has one
// state (h) or two (h, c).
#ifndef RUNNEL_CORE_NN_DECODER_H_
#define RUNNEL_CORE_NN_DECODER_H_

#include <cstdint>

#include "absl/types/span.h"
#include "core/math/aligned_vector.h"
#include "core/math/decode_precision.h"
#include "core/math/packed_matrix.h"

namespace runnel {

// Buffers that the steps of any decoders reuse. They grow to the largest step. Only one thread may
// use them at a time.
template <typename Real>
class DecodeScratch {
 public:
  // Each returns room for `size` numbers and discards what the room held before.
  Real* Gates(int64_t size) { return AtLeast(size, &gates_); }
  Real* Operand(int64_t size) { return AtLeast(size, &operand_); }
  Real* Columns(int64_t size) { return AtLeast(size, &columns_); }

  ProductScratch product;

 private:
  static Real* AtLeast(int64_t size, AlignedVector<Real>* buffer) {
    if (static_cast<int64_t>(buffer->size()) < size) buffer->resize(size);
    return buffer->data();
  }

  AlignedVector<Real> gates_;
  AlignedVector<Real> operand_;
  AlignedVector<Real> columns_;
};

// Immutable. Threads may share it.
template <typename Real>
class Decoder {
 public:
  virtual ~Decoder() = default;
  // The number of elements of one session's state. A new text starts from zeros.
  virtual int64_t state_size() const = 0;
  virtual int vocabulary_size() const = 0;
  // The precision that NewDecoder was given. A state continues with the same bits only under the
  // precision that it comes from.
  virtual DecodePrecision precision() const = 0;
  // The memory that the decoder takes.
  virtual int64_t bytes() const = 0;
  // The multiply-adds that reading one character takes, without logits.
  virtual int64_t read_cost() const = 0;
  // Lets each session read one character: ids[i] advances states[i] and gives row i of the logits
  // [sessions x V]. A session's result has the same bits in any company.
  virtual void Step(absl::Span<const int32_t> ids, absl::Span<Real* const> states, Real* logits,
                    DecodeScratch<Real>* scratch) const = 0;
  // Lets one session read several characters, without computing logits. `state` has the same bits
  // afterwards as after so many steps; this is faster.
  virtual void Read(absl::Span<const int32_t> ids, Real* state,
                    DecodeScratch<Real>* scratch) const = 0;
  // An occasional step, with buffers of its own.
  void Step(absl::Span<const int32_t> ids, absl::Span<Real* const> states, Real* logits) const {
    DecodeScratch<Real> scratch;
    Step(ids, states, logits, &scratch);
  }
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_DECODER_H_
