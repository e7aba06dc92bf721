#include "core/model/model_file_reader.h"

#include <errno.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/damaged.h"
#include "core/model/model_file.h"
#include "core/model/safetensors.h"

namespace runnel {

absl::StatusOr<ModelFileReader> ModelFileReader::Open(const std::string& path) {
  const absl::StatusOr<SafetensorsFileHeader> stored = ReadSafetensorsHeader(path);
  if (!stored.ok()) return stored.status();
  absl::StatusOr<ModelHeader> header = ReadModelHeader(stored->header, stored->data_bytes);
  if (!header.ok()) return header.status();
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  return ModelFileReader(std::move(file), stored->data_begin,
                         stored->data_begin + stored->data_bytes, std::move(header->checksum));
}

absl::StatusOr<std::string> ModelFileReader::Read(int64_t bytes_max) {
  std::string piece(std::min(bytes_max, bytes_left()), '\0');
  if (piece.empty()) return piece;
  if (!file_.read(piece.data(), static_cast<std::streamsize>(piece.size()))) {
    return Damaged("the file shrank while it was read");
  }
  const int64_t before_data = std::max<int64_t>(data_begin_ - done_, 0);
  const absl::string_view bytes(piece);
  if (before_data < static_cast<int64_t>(bytes.size())) hasher_.Add(bytes.substr(before_data));
  done_ += static_cast<int64_t>(bytes.size());
  if (done_ == bytes_ && hasher_.Value().Digits() != expected_) {
    return Damaged("the weights do not match their checksum");
  }
  return piece;
}

}  // namespace runnel
