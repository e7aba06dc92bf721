#include "client/commands/text_inputs.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/commands/field_flags.h"
#include "client/output/encoding.h"
#include "client/output/text_file.h"

namespace runnel::client {
namespace {

// The server's default limit on a message; nothing larger can be sent.
constexpr size_t kTextBytesMax = 64 << 20;

bool IsPositional(const TextFlag& spec) { return !absl::StartsWith(spec.flag, "--"); }

const google::protobuf::FieldDescriptor* Field(const google::protobuf::Message& request,
                                               const TextFlag& spec) {
  return request.GetDescriptor()->FindFieldByName(spec.field);
}

void SetText(google::protobuf::Message* request, const TextFlag& spec, std::string text) {
  request->GetReflection()->SetString(request, Field(*request, spec), std::move(text));
}

}  // namespace

void TextInputs::Add(CLI::App& app, const TextFlag& spec, google::protobuf::Message* request,
                     FlagNames& names) {
  const auto input = std::make_shared<Input>(Input{spec, request});
  inputs_.push_back(input);
  const std::string flag = spec.flag;
  CLI::Option* text = app.add_option_function<std::vector<std::string>>(
                             flag,
                             [input, flag](const std::vector<std::string>& values) {
                               RequireUtf8(flag, values.back());
                               input->given = true;
                               SetText(input->request, input->spec, values.back());
                             },
                             absl::StrCat(spec.help, "; - reads standard input"))
                          ->allow_extra_args(false)
                          ->expected(1)
                          ->type_name("TEXT");
  app.add_option_function<std::string>(
         spec.file_flag, [input](const std::string& path) { input->path = path; },
         absl::StrCat("Read ", flag, " from this file, final line break included"))
      ->excludes(text)
      ->type_name("FILE");
  names.emplace(spec.field, flag);
}

std::optional<std::string> TextInputs::Path(const Input& input) {
  if (input.path) return input.path;
  std::string unused;
  const std::string& text = input.request->GetReflection()->GetStringReference(
      *input.request, Field(*input.request, input.spec), &unused);
  if (input.given && text == kStandardInputPath) return text;
  return std::nullopt;
}

void TextInputs::Check(FlagNames& names) const {
  std::string reader;  // the flag that reads standard input
  for (const auto& input : inputs_) {
    const TextFlag& spec = input->spec;
    if (IsPositional(spec) && !input->given && !input->path) {
      throw CLI::RequiredError(absl::StrCat(spec.flag, " or ", spec.file_flag));
    }
    const char* const flag = input->path ? spec.file_flag : spec.flag;
    names[spec.field] = flag;
    if (Path(*input) != kStandardInputPath) continue;
    if (!reader.empty()) {
      throw CLI::ValidationError(
          flag, "is -, but " + reader + " is -, too, and standard input can be read only once");
    }
    reader = flag;
  }
}

absl::Status TextInputs::Read(Environment& environment) const {
  for (const auto& input : inputs_) {
    const std::optional<std::string> path = Path(*input);
    if (!path) continue;
    absl::StatusOr<NamedText> read = ReadText(*path, environment.in, kTextBytesMax);
    if (!read.ok()) return read.status();
    if (RemoveByteOrderMark(&read->text)) TellOfByteOrderMark(environment, read->name);
    SetText(input->request, input->spec, std::move(read->text));
  }
  return absl::OkStatus();
}

}  // namespace runnel::client
