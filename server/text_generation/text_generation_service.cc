#include "server/text_generation/text_generation_service.h"

#include <memory>

#include "server/text_generation/fill_blanks_call.h"
#include "server/text_generation/generate_chars_call.h"
#include "server/text_generation/sample_call.h"
#include "server/text_generation/score_call.h"
#include "server/training/train_call.h"

namespace runnel::server {

TextGenerationService::TextGenerationService(const TextGenerationParts& parts,
                                             const TrainParts& train)
    : parts_(parts), train_(train) {
  SetMessageAllocatorFor_Train(&train_messages_);
}

grpc::ServerUnaryReactor* TextGenerationService::Train(grpc::CallbackServerContext* context,
                                                       const v1::TrainRequest* request,
                                                       v1::TrainResponse* response) {
  return TrainCall::Start(train_, context, request, response);
}

grpc::ServerUnaryReactor* TextGenerationService::Sample(grpc::CallbackServerContext* /*context*/,
                                                        const v1::SampleRequest* request,
                                                        v1::SampleResponse* response) {
  return SampleCall::Start(parts_, request, response);
}

grpc::ServerWriteReactor<v1::GenerateCharsResponse>* TextGenerationService::GenerateChars(
    grpc::CallbackServerContext* /*context*/, const v1::GenerateCharsRequest* request) {
  return GenerateCharsCall::Start(parts_, request);
}

grpc::ServerUnaryReactor* TextGenerationService::Score(grpc::CallbackServerContext* /*context*/,
                                                       const v1::ScoreRequest* request,
                                                       v1::ScoreResponse* response) {
  return ReadingCall::Start(std::make_shared<ScoreCall>(parts_, request, response));
}

grpc::ServerUnaryReactor* TextGenerationService::FillBlanks(
    grpc::CallbackServerContext* /*context*/, const v1::FillBlanksRequest* request,
    v1::FillBlanksResponse* response) {
  return ReadingCall::Start(std::make_shared<FillBlanksCall>(parts_, request, response));
}

}  // namespace runnel::server
