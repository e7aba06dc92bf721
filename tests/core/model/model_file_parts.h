// Version files that lie, with their checksums made right.
#ifndef RUNNEL_TESTS_CORE_MODEL_MODEL_FILE_PARTS_H_
#define RUNNEL_TESTS_CORE_MODEL_MODEL_FILE_PARTS_H_

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "core/model/model_file.h"
#include "tests/core/model/model_testing.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace runnel {

// A file taken apart, to be put together with a lie in it. The checksums are made right.
struct Parts {
  explicit Parts(const std::string& bytes) {
    uint64_t header_bytes = 0;
    std::memcpy(&header_bytes, bytes.data(), 8);
    header = nlohmann::json::parse(bytes.substr(8, header_bytes));
    about = nlohmann::json::parse(header["__metadata__"]["runnel"].get<std::string>());
    data = bytes.substr(8 + header_bytes);
  }
  Parts() : Parts(EncodeModel(SmallModel())) {}

  std::string Bytes() const {
    nlohmann::json all = header;
    if (all.contains("__metadata__")) {
      nlohmann::json& metadata = all["__metadata__"];
      if (!about.is_null()) metadata["runnel"] = about.dump();
      metadata["checksum"] = Checksum(data);
      if (metadata["runnel"].is_string())
        metadata["runnel_checksum"] = Checksum(metadata["runnel"]);
    }
    return WithHeader(all.dump(), data);
  }

  static std::string Checksum(const std::string& bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    char text[33];
    snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
             static_cast<unsigned long long>(hash.low64));
    return text;
  }

  static std::string WithHeader(const std::string& header, const std::string& data) {
    std::string length(8, '\0');
    const uint64_t size = header.size();
    std::memcpy(length.data(), &size, 8);
    return length + header + data;
  }

  nlohmann::json header;
  nlohmann::json about;
  std::string data;
};

class ModelFileDamage : public FolderTest {
 protected:
  // Both readers refuse it as damaged; returns the message.
  std::string ErrorOf(const std::string& bytes) {
    WriteFile(Path("model"), bytes);
    const absl::Status read = DecodeModel(bytes).status();
    EXPECT_TRUE(absl::IsDataLoss(read)) << read;
    EXPECT_TRUE(absl::IsDataLoss(ReadModelDescription(Path("model")).status()));
    EXPECT_EQ(ReadModel(Path("model")).status(), read);
    return std::string(read.message());
  }
  std::string ErrorWith(const std::function<void(Parts*)>& lie) {
    Parts parts;
    lie(&parts);
    return ErrorOf(parts.Bytes());
  }
};

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_MODEL_MODEL_FILE_PARTS_H_
