// Unary calls of the server's methods.
#ifndef RUNNEL_CLIENT_NET_CALL_SERVER_H_
#define RUNNEL_CLIENT_NET_CALL_SERVER_H_

#include "absl/status/statusor.h"
#include "client/net/connection.h"
#include "client/net/server_status.h"

namespace runnel::client {

// A unary method of a generated stub, such as &v1::ModelService::Stub::GetModel.
template <typename Stub, typename Request, typename Response>
using UnaryMethod = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

// Calls `method` and waits for the answer. The call ends early with the command's deadline and with
// an interrupt. Errors are those of FromServer.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> CallServer(Connection& connection,
                                    UnaryMethod<Stub, Request, Response> method,
                                    const Request& request) {
  Stub stub(connection.channel());
  Call call(connection);
  Response response;
  const grpc::Status status = (stub.*method)(call.context(), request, &response);
  if (!status.ok()) return FromServer(status);
  return response;
}

// Calls a list method once for each page and returns all pages as one response. INTERNAL if the
// server sends the same page token twice in a row, which would never end.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> ListAll(Connection& connection,
                                 UnaryMethod<Stub, Request, Response> method, Request request) {
  Response all;
  do {
    const absl::StatusOr<Response> page = CallServer(connection, method, request);
    if (!page.ok()) return page.status();
    if (!page->next_page_token().empty() && page->next_page_token() == request.page_token()) {
      return absl::InternalError("the server sent the same page of the list twice");
    }
    all.MergeFrom(*page);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  all.clear_next_page_token();
  return all;
}

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_CALL_SERVER_H_
