#include "core/model/json.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/damaged.h"

namespace runnel {
namespace {

constexpr size_t kDepthMax = 64;
constexpr int kValuesMax = 1 << 14;  // a version file of 8 layers has about a thousand
constexpr size_t kNameBytesMax = 1000;

// Builds the value that a parser reads, and stops the parser at the first bound that is passed, so
// that time and memory are bounded by the bytes that were read until then.
class Builder : public nlohmann::json_sax<Json> {
 public:
  const std::string& refusal() const { return refusal_; }
  Json& root() { return root_; }

  bool null() override { return Put(nullptr); }
  bool boolean(bool value) override { return Put(value); }
  bool number_integer(number_integer_t value) override { return Put(value); }
  bool number_unsigned(number_unsigned_t value) override { return Put(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return Put(value); }
  bool string(string_t& value) override { return Put(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return false; }  // not in text
  bool start_object(size_t /*count*/) override { return Open(Json::object()); }
  bool start_array(size_t /*count*/) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool key(string_t& name) override {
    if (name.size() > kNameBytesMax) {
      return Refuse(absl::StrCat("has a member whose name has ", name.size(), " bytes; at most ",
                                 kNameBytesMax, " are taken"));
    }
    auto& members = open_.back()->get_ref<Json::object_t&>();
    const auto [member, is_new] = members.emplace(std::move(name), nullptr);
    if (!is_new) return Refuse("names a member twice");
    member_ = &member->second;
    return true;
  }

  bool parse_error(size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

 private:
  bool Refuse(std::string refusal) {
    refusal_ = std::move(refusal);
    return false;
  }

  // Puts the next value where it belongs, and tells where that is.
  bool Put(Json value) {
    if (++values_ > kValuesMax)
      return Refuse(absl::StrCat("holds more than ", kValuesMax, " values"));
    if (open_.empty()) {
      last_ = &root_;
    } else if (open_.back()->is_array()) {
      last_ = &open_.back()->get_ref<Json::array_t&>().emplace_back();
    } else {
      last_ = member_;
    }
    *last_ = std::move(value);
    return true;
  }

  bool Open(Json empty) {
    if (open_.size() == kDepthMax) {
      return Refuse(absl::StrCat("is nested more than ", kDepthMax, " deep"));
    }
    if (!Put(std::move(empty))) return false;
    open_.push_back(last_);
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  Json root_;
  std::vector<Json*> open_;  // objects and arrays, the innermost last
  Json* member_ = nullptr;   // of the innermost object: the one whose value is next
  Json* last_ = nullptr;
  int values_ = 0;
  std::string refusal_;
};

}  // namespace

absl::StatusOr<Json> ParseJsonObject(absl::string_view text, absl::string_view what) {
  Builder builder;
  const bool parsed = Json::sax_parse(text.begin(), text.end(), &builder);
  if (!builder.refusal().empty()) return Damaged(absl::StrCat(what, " ", builder.refusal()));
  if (!parsed || !builder.root().is_object()) {
    return Damaged(absl::StrCat(what, " is not a JSON object"));
  }
  return std::move(builder.root());
}

std::string JsonText(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* Member(const Json& object, const char* name, Json::value_t type) {
  const auto found = object.find(name);
  if (found == object.end()) return nullptr;
  const bool integer = type == Json::value_t::number_integer && found->is_number_integer();
  const bool number = type == Json::value_t::number_float && found->is_number();
  return integer || number || found->type() == type ? &*found : nullptr;
}

int64_t IntegerOr(const Json& object, const char* name, int64_t otherwise) {
  const Json* member = Member(object, name, Json::value_t::number_integer);
  if (member == nullptr || (member->is_number_unsigned() && member->get<uint64_t>() > INT64_MAX)) {
    return otherwise;
  }
  return member->get<int64_t>();
}

std::string StringOr(const Json& object, const char* name, std::string otherwise) {
  const Json* member = Member(object, name, Json::value_t::string);
  return member == nullptr ? std::move(otherwise) : member->get<std::string>();
}

}  // namespace runnel
