#include "client/net/health_check.h"

#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <future>

namespace runnel::client {
namespace {

constexpr char kMethod[] = "/grpc.health.v1.Health/Check";
constexpr int kRequestService = 1;  // string
constexpr int kResponseStatus = 1;  // enum

grpc::ByteBuffer EncodeRequest(const std::string& service) {
  google::protobuf::UnknownFieldSet fields;
  if (!service.empty()) fields.AddLengthDelimited(kRequestService, service);
  std::string bytes;
  fields.SerializeToString(&bytes);
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

grpc::Status DecodeResponse(const grpc::ByteBuffer& response, ServingStatus* serving) {
  grpc::Slice slice;
  google::protobuf::UnknownFieldSet fields;
  if (!response.DumpToSingleSlice(&slice).ok() ||
      !fields.ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
    return {grpc::StatusCode::INTERNAL, "the answer is not a health check's"};
  }
  *serving = ServingStatus::kUnknown;
  for (int i = 0; i < fields.field_count(); ++i) {
    const google::protobuf::UnknownField& field = fields.field(i);
    if (field.number() == kResponseStatus &&
        field.type() == google::protobuf::UnknownField::TYPE_VARINT) {
      *serving = static_cast<ServingStatus>(field.varint());
    }
  }
  return grpc::Status::OK;
}

}  // namespace

grpc::Status CheckHealth(Connection& connection, const std::string& service,
                         ServingStatus* serving) {
  grpc::GenericStub stub(connection.channel());
  const grpc::ByteBuffer request = EncodeRequest(service);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  Call call(connection);
  stub.UnaryCall(call.context(), kMethod, grpc::StubOptions(), &request, &response,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  const grpc::Status status = done.get_future().get();
  return status.ok() ? DecodeResponse(response, serving) : status;
}

}  // namespace runnel::client
