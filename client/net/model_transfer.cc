#include "client/net/model_transfer.h"

#include <utility>

#include "client/net/server_status.h"
#include "client/output/new_file.h"
#include "client/output/text_file.h"
#include "runnel/v1/models.grpc.pb.h"

namespace runnel::client {
namespace {

constexpr size_t kChunkBytes = 1 << 20;

// Gives each piece of a version's file to `write`, which returns an absl::Status, until one fails
// or the file ends.
template <typename Write>
absl::Status Receive(Connection& connection, const std::string& model, const Write& write) {
  v1::ModelService::Stub stub(connection.channel());
  Call call(connection);
  v1::ExportModelRequest request;
  request.set_model(model);
  const auto reader = stub.ExportModel(call.context(), request);
  v1::ExportModelResponse piece;
  absl::Status written;
  while (written.ok() && reader->Read(&piece)) written = write(piece.chunk());
  if (!written.ok()) call.context()->TryCancel();
  const grpc::Status status = reader->Finish();
  if (!written.ok()) return written;
  return status.ok() ? absl::OkStatus() : FromServer(status);
}

}  // namespace

absl::StatusOr<v1::ModelVersion> ImportModelFile(CommandContext& context, const std::string& path,
                                                 v1::ImportModelRequest request) {
  absl::StatusOr<TextFile> file = TextFile::Open(path, context.environment.in);
  if (!file.ok()) return file.status();
  v1::ModelService::Stub stub(context.connection.channel());
  Call call(context.connection);
  v1::ImportModelResponse response;
  const auto writer = stub.ImportModel(call.context(), &response);
  for (bool is_first = true; true; is_first = false) {
    absl::StatusOr<std::string> bytes = file->Read(kChunkBytes);
    if (!bytes.ok()) {
      // Half a model must not become one.
      call.context()->TryCancel();
      (void)writer->Finish();
      return bytes.status();
    }
    if (bytes->empty() && !is_first) break;
    request.set_chunk(*std::move(bytes));
    if (!writer->Write(request)) break;  // Finish returns the reason
    request.Clear();
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return FromServer(status);
  return response.version();
}

absl::Status ExportModelToOutput(CommandContext& context, const std::string& model) {
  const absl::Status received =
      Receive(context.connection, model, [&context](const std::string& bytes) {
        return context.out.Write(bytes) ? absl::OkStatus()
                                        : absl::InternalError(context.out.error());
      });
  return context.out.failed() ? absl::OkStatus() : received;
}

absl::StatusOr<int64_t> ExportModelFile(CommandContext& context, const std::string& model,
                                        const std::string& path, bool force) {
  // An interrupt must not leave half a file behind.
  const Interrupt::Hold hold(context.environment.interrupt);
  absl::StatusOr<NewFile> file = NewFile::Create(path, force);
  if (!file.ok()) return file.status();
  const absl::Status received = Receive(
      context.connection, model, [&file](const std::string& bytes) { return file->Append(bytes); });
  if (!received.ok()) return received;
  if (const absl::Status committed = file->Commit(); !committed.ok()) return committed;
  return file->bytes();
}

}  // namespace runnel::client
