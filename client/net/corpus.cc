#include "client/net/corpus.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "client/net/server_status.h"
#include "client/output/encoding.h"
#include "client/output/text_file.h"
#include "runnel/v1/training.grpc.pb.h"

namespace runnel::client {
namespace {

// Half the server's default message limit, so that it fits a server whose owner has lowered that
// limit within reason.
constexpr size_t kInlineBytesMax = 32 << 20;

constexpr size_t kUploadChunkBytes = 1 << 20;

using UploadWriter = grpc::ClientWriter<v1::UploadCorpusRequest>;

// Returns false if the server has ended the call; Finish then returns the reason.
bool WriteChunks(absl::string_view bytes, UploadWriter& writer) {
  while (!bytes.empty()) {
    v1::UploadCorpusRequest request;
    request.set_chunk(std::string(bytes.substr(0, kUploadChunkBytes)));
    if (!writer.Write(request)) return false;
    bytes.remove_prefix(std::min(bytes.size(), kUploadChunkBytes));
  }
  return true;
}

// Uploads `head`, which has been read from the file, and then the rest of the file. Returns the
// corpus's id.
absl::StatusOr<std::string> UploadCorpus(Connection& connection, std::string head, TextFile& file) {
  v1::TrainingJobService::Stub stub(connection.channel());
  Call call(connection);
  v1::UploadCorpusResponse response;
  const auto writer = stub.UploadCorpus(call.context(), &response);
  bool is_wanted = WriteChunks(head, *writer);
  head = std::string();
  while (is_wanted) {
    const absl::StatusOr<std::string> bytes = file.Read(kUploadChunkBytes);
    if (!bytes.ok()) {
      // Half a corpus must not become one.
      call.context()->TryCancel();
      (void)writer->Finish();
      return bytes.status();
    }
    if (bytes->empty()) break;
    is_wanted = WriteChunks(*bytes, *writer);
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return FromServer(status);
  return response.corpus_id();
}

}  // namespace

absl::Status AttachCorpus(CommandContext& context, const std::string& path,
                          v1::TrainRequest* request) {
  absl::StatusOr<TextFile> file = TextFile::Open(path, context.environment.in);
  if (!file.ok()) return file.status();
  // One byte more than the limit shows whether the text is longer.
  absl::StatusOr<std::string> head = file->Read(kInlineBytesMax + 1);
  if (!head.ok()) return head.status();
  const bool is_whole = head->size() <= kInlineBytesMax;
  absl::Status valid =
      CheckUtf8(file->name(), *head, is_whole ? TextPart::kWhole : TextPart::kBeginning);
  // Zero bytes may belong to a text whose symbols are bytes.
  if (valid.ok() && request->network().vocabulary() != v1::VOCABULARY_KIND_BYTES) {
    valid = CheckNotUtf16(file->name(), *head);
  }
  if (!valid.ok()) return valid;
  if (RemoveByteOrderMark(&*head)) TellOfByteOrderMark(context.environment, file->name());
  if (head->empty()) return absl::InvalidArgumentError(file->name() + " is empty");
  if (is_whole) {
    request->set_text(*std::move(head));
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> id = UploadCorpus(context.connection, *std::move(head), *file);
  if (!id.ok()) return id.status();
  request->set_corpus_id(*std::move(id));
  return absl::OkStatus();
}

}  // namespace runnel::client
