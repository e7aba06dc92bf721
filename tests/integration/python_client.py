"""Drives a running server through stubs generated for Python: python_client.py HOST:PORT."""
import sys

import grpc
from runnel.v1 import generation_pb2, generation_pb2_grpc, models_pb2, models_pb2_grpc
from runnel.v1 import training_pb2, training_pb2_grpc

LINES = ("the brook runs down the hill and over the stones, and under the bridge, and on.\n"
         "who drinks from the brook? the fox, the crow, and the old grey mare.\n") * 150


def expect(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def expect_error(code, text, call):
    try:
        call()
    except grpc.RpcError as error:
        expect(error.code() == code, f"{error.code()} instead of {code}: {error.details()}")
        expect(text in error.details(), f"no {text!r} in {error.details()!r}")
        return error
    sys.exit(f"FAILED: no error, {code} was expected")


def main(address):
    channel = grpc.insecure_channel(address)
    text = generation_pb2_grpc.TextGenerationServiceStub(channel)
    jobs = training_pb2_grpc.TrainingJobServiceStub(channel)
    models = models_pb2_grpc.ModelServiceStub(channel)

    network = training_pb2.NetworkConfig(num_layers=1, hidden_size=64)  # sanitizers make training slow
    options = training_pb2.TrainingOptions(max_steps=150, seed=3)
    job = text.Train(training_pb2.TrainRequest(model="brook", text=LINES, network=network, training=options, wait=True)).job
    expect(job.state == training_pb2.TRAINING_JOB_STATE_SUCCEEDED, f"the job ended as {job}")
    expect(job.published_version == 1 and job.training.batch_size > 0, f"the job is {job}")

    upload = jobs.UploadCorpus(training_pb2.UploadCorpusRequest(chunk=piece.encode()) for piece in (LINES[:999], LINES[999:]))
    expect(upload.chars == len(LINES), f"{upload.chars} characters uploaded")
    started = text.Train(training_pb2.TrainRequest(model="brook", corpus_id=upload.corpus_id, network=network, training=options)).job
    watched = list(jobs.WatchTrainingJob(training_pb2.WatchTrainingJobRequest(id=started.id, from_start=True)))
    expect(watched[-1].ended_job.published_version == 2, f"the second job ended as {watched[-1]}")
    expect(any(message.progress.step == 150 for message in watched), "no report of the last step")

    request = generation_pb2.GenerateCharsRequest(
        model="brook:1", prompt="the ", sampling=generation_pb2.SamplingOptions(seed=9),
        stop=generation_pb2.StopOptions(max_chars=300), max_chars_per_message=7)
    messages = list(text.GenerateChars(request))
    written = "".join(message.text for message in messages)
    expect(len(written) == 300, f"{len(written)} characters streamed")
    expect(all(len(message.text) <= 7 for message in messages), "a message is too long")
    summary = messages[-1].summary
    expect(summary.finish_reason == generation_pb2.FINISH_REASON_LENGTH and summary.generated_chars == 300
           and summary.seed == 9 and summary.model_version == 1, f"the summary is {summary}")
    sample = text.Sample(generation_pb2.SampleRequest(
        model="brook:1", prompt="the ", sampling=generation_pb2.SamplingOptions(seed=9),
        stop=generation_pb2.StopOptions(max_chars=300), num_samples=2))
    expect(sample.samples[0].text == written, "sample 0 is not what GenerateChars wrote")
    expect(sample.samples[1].text != written, "sample 1 is sample 0")

    endless = text.GenerateChars(generation_pb2.GenerateCharsRequest(
        model="brook", stop=generation_pb2.StopOptions(max_chars=1_000_000)))
    next(endless)
    endless.cancel()
    expect_error(grpc.StatusCode.CANCELLED, "", lambda: list(endless))
    expect_error(grpc.StatusCode.DEADLINE_EXCEEDED, "", lambda: list(text.GenerateChars(
        generation_pb2.GenerateCharsRequest(model="brook", stop=generation_pb2.StopOptions(max_chars=1_000_000)),
        timeout=0.05)))

    error = expect_error(grpc.StatusCode.INVALID_ARGUMENT, "sampling.temperature", lambda: list(text.GenerateChars(
        generation_pb2.GenerateCharsRequest(model="brook", sampling=generation_pb2.SamplingOptions(temperature=-1)))))
    details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
    expect(b"google.rpc.BadRequest" in details and b"sampling.temperature" in details, f"the details are {details}")
    expect_error(grpc.StatusCode.NOT_FOUND, "nobody", lambda: list(text.GenerateChars(
        generation_pb2.GenerateCharsRequest(model="nobody"))))
    score = text.Score(generation_pb2.ScoreRequest(model="brook", text="the brook", per_char=True))
    expect(score.scored_chars == len(score.char_logprobs) == 9 and score.logprob < 0, f"the score is {score}")
    expect_error(grpc.StatusCode.FAILED_PRECONDITION, "one-directional", lambda: text.FillBlanks(
        generation_pb2.FillBlanksRequest(model="brook", text="the br_ok")))
    expect_error(grpc.StatusCode.RESOURCE_EXHAUSTED, "", lambda: text.Train(
        training_pb2.TrainRequest(model="brook", text="x" * (70 << 20))))

    listed = models.ListModels(models_pb2.ListModelsRequest()).models
    expect([(model.name, len(model.versions)) for model in listed] == [("brook", 2)], f"the models are {listed}")
    print("streamed", len(written), "characters in", len(messages), "messages")


main(sys.argv[1])
