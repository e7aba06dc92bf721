// runnel.v1.TextGenerationService: translates, and hands calls on.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_TEXT_GENERATION_SERVICE_H_
#define RUNNEL_SERVER_TEXT_GENERATION_TEXT_GENERATION_SERVICE_H_

#include "runnel/v1/generation.grpc.pb.h"
#include "server/text_generation/text_generation_parts.h"
#include "server/training/train_messages.h"
#include "server/training/training_parts.h"

namespace runnel::server {

class TextGenerationService final : public v1::TextGenerationService::CallbackService {
 public:
  // The parts must outlive the service and its calls. `train` serves Train.
  TextGenerationService(const TextGenerationParts& parts, const TrainParts& train);

  grpc::ServerUnaryReactor* Train(grpc::CallbackServerContext* context,
                                  const v1::TrainRequest* request,
                                  v1::TrainResponse* response) override;
  grpc::ServerUnaryReactor* Sample(grpc::CallbackServerContext* context,
                                   const v1::SampleRequest* request,
                                   v1::SampleResponse* response) override;
  grpc::ServerWriteReactor<v1::GenerateCharsResponse>* GenerateChars(
      grpc::CallbackServerContext* context, const v1::GenerateCharsRequest* request) override;
  grpc::ServerUnaryReactor* Score(grpc::CallbackServerContext* context,
                                  const v1::ScoreRequest* request,
                                  v1::ScoreResponse* response) override;
  grpc::ServerUnaryReactor* FillBlanks(grpc::CallbackServerContext* context,
                                       const v1::FillBlanksRequest* request,
                                       v1::FillBlanksResponse* response) override;

 private:
  const TextGenerationParts parts_;
  const TrainParts train_;
  TrainMessages train_messages_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_TEXT_GENERATION_SERVICE_H_
