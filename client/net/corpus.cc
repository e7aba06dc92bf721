#include "client/net/corpus.h"

#include <algorithm>
#include <utility>

#include "client/output/text_file.h"
#include "runnel/v1/training.grpc.pb.h"

namespace runnel::client {
namespace {

// Half the server's default message limit, which leaves room for whatever limit a server's owner
// lowers it to within reason.
constexpr size_t kInlineBytesMax = 32 << 20;

constexpr size_t kUploadChunkBytes = 1 << 20;

using UploadWriter = grpc::ClientWriter<v1::UploadCorpusRequest>;

// False if the server no longer listens; Finish tells why.
bool WriteChunks(absl::string_view bytes, UploadWriter& writer) {
  while (!bytes.empty()) {
    v1::UploadCorpusRequest request;
    request.set_chunk(std::string(bytes.substr(0, kUploadChunkBytes)));
    if (!writer.Write(request)) return false;
    bytes.remove_prefix(std::min(bytes.size(), kUploadChunkBytes));
  }
  return true;
}

// Uploads `head`, what has been read of the file, and then the rest of it.
ExitCode UploadCorpus(CommandContext& context, std::string head, TextFile& file,
                      std::string* corpus_id) {
  const auto stub = context.NewStub<v1::TrainingJobService>();
  Call call(context.connection);
  v1::UploadCorpusResponse response;
  const auto writer = stub->UploadCorpus(call.context(), &response);
  bool is_wanted = WriteChunks(head, *writer);
  head = std::string();
  while (is_wanted) {
    const absl::StatusOr<std::string> bytes = file.Read(kUploadChunkBytes);
    if (!bytes.ok()) {
      // Half a corpus must not become one.
      call.context()->TryCancel();
      (void)writer->Finish();
      return FailUsage(context, bytes.status());
    }
    if (bytes->empty()) break;
    is_wanted = WriteChunks(*bytes, *writer);
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return Fail(context, status);
  *corpus_id = response.corpus_id();
  return ExitCode::kOk;
}

}  // namespace

ExitCode AttachCorpus(CommandContext& context, const std::string& path, v1::TrainRequest* request) {
  absl::StatusOr<TextFile> file = TextFile::Open(path, context.environment.in);
  if (!file.ok()) return FailUsage(context, file.status());
  // One byte more than fits tells whether the text is longer.
  absl::StatusOr<std::string> head = file->Read(kInlineBytesMax + 1);
  if (!head.ok()) return FailUsage(context, head.status());
  if (head->empty()) return FailUsage(context, file->name() + " is empty");
  if (head->size() > kInlineBytesMax) {
    return UploadCorpus(context, *std::move(head), *file, request->mutable_corpus_id());
  }
  if (const absl::Status valid = CheckUtf8(file->name(), *head); !valid.ok()) {
    return FailUsage(context, valid);
  }
  request->set_text(*std::move(head));
  return ExitCode::kOk;
}

}  // namespace runnel::client
