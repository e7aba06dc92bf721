#include "client/net/model_transfer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/output/new_file.h"
#include "client/output/terminal_text.h"
#include "client/output/text_file.h"
#include "runnel/v1/models.grpc.pb.h"

namespace runnel::client {
namespace {

constexpr size_t kChunkBytes = 1 << 20;
constexpr char kStandardOutput[] = "-";

ExitCode FailWrite(CommandContext& context, const absl::Status& status) {
  context.environment.err << "runnel: " << EscapeLine(status.message()) << "\n";
  return ExitCode::kFailed;
}

// Hands the pieces of a version's file to `write` until it fails, or the file ends.
template <typename Write>
ExitCode Receive(CommandContext& context, const std::string& model, const Write& write) {
  Call call(context.connection);
  v1::ExportModelRequest request;
  request.set_model(model);
  const auto reader = context.NewStub<v1::ModelService>()->ExportModel(call.context(), request);
  v1::ExportModelResponse piece;
  absl::Status written;
  while (written.ok() && reader->Read(&piece)) written = write(piece.chunk());
  if (!written.ok()) call.context()->TryCancel();
  const grpc::Status status = reader->Finish();
  if (!written.ok()) return FailWrite(context, written);
  return status.ok() ? ExitCode::kOk : Fail(context, status);
}

}  // namespace

ExitCode ImportModelFile(CommandContext& context, const std::string& path,
                         v1::ImportModelRequest request, v1::ModelVersion* version) {
  absl::StatusOr<TextFile> file = TextFile::Open(path, context.environment.in);
  if (!file.ok()) return FailUsage(context, file.status());
  Call call(context.connection);
  v1::ImportModelResponse response;
  const auto writer = context.NewStub<v1::ModelService>()->ImportModel(call.context(), &response);
  while (true) {
    absl::StatusOr<std::string> bytes = file->Read(kChunkBytes);
    if (!bytes.ok()) {
      // Half a model must not become one.
      call.context()->TryCancel();
      (void)writer->Finish();
      return FailUsage(context, bytes.status());
    }
    const bool is_first = !request.name().empty();
    if (bytes->empty() && !is_first) break;
    request.set_chunk(*std::move(bytes));
    if (!writer->Write(request)) break;  // Finish tells why
    request.Clear();
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return Fail(context, status);
  *version = response.version();
  return ExitCode::kOk;
}

ExitCode ExportModelFile(CommandContext& context, const std::string& model, const std::string& path,
                         bool force) {
  if (path == kStandardOutput) {
    return Receive(context, model, [&](const std::string& bytes) {
      return context.out.Write(bytes) ? absl::OkStatus()
                                      : absl::UnavailableError(context.out.error());
    });
  }
  // An interrupt must not leave half a file.
  const Interrupt::Hold hold(context.environment.interrupt);
  absl::StatusOr<NewFile> file = NewFile::Create(path, force);
  if (!file.ok()) return FailUsage(context, file.status());
  const ExitCode received =
      Receive(context, model, [&](const std::string& bytes) { return file->Append(bytes); });
  if (received != ExitCode::kOk) return received;
  const absl::Status status = file->Commit();
  if (absl::IsAlreadyExists(status)) return FailUsage(context, status);
  if (!status.ok()) return FailWrite(context, status);
  context.out.Write(absl::StrCat("wrote ", EscapeLine(path), ", ", file->bytes(), " bytes\n"));
  return ExitCode::kOk;
}

}  // namespace runnel::client
