#!/usr/bin/python3
"""The same work in PyTorch: whole training steps, or writing text, with its best numbers of threads.

A training step is what `runnel-benchmark` times as Train/...: a batch cut from a text of random characters, forward,
truncated BPTT with the state carried on, the gradient's norm clipped, Adam. --streams N times Decode/... instead:
N streams that each read the character they drew last.

PyTorch's own threads and OpenBLAS's are set apart, and get in each other's way where both are many, so every pair of
numbers is tried. Prints one JSON line for each pair and then the best of them.

Needs Debian's python3-torch and libopenblas0-pthread; exits with 3, and says so, where one is missing.
"""
import argparse
import itertools
import json
import os
import subprocess
import sys
import time

import blas

CHILD = "PYTORCH_LSTM_CHILD"  # set where this script has started itself

CELLS = ("rnn_tanh", "lstm", "gru_reset_after")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cell", choices=CELLS, default="lstm", help="by its name in runnel-benchmark")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--vocabulary", type=int, default=65, help="characters")
    parser.add_argument("--embedding", type=int, default=0, help="size of the input embedding; 0: one-hot (default)")
    parser.add_argument("--lanes", type=int, default=50)
    parser.add_argument("--steps", type=int, default=50, help="characters of a lane in a batch")
    parser.add_argument("--streams", type=int, default=0, help="write with so many streams instead of training")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="of PyTorch, to try (default: 1 2)")
    parser.add_argument("--blas-threads", type=int, nargs="+", default=[1, 2], help="of OpenBLAS (default: 1 2)")
    parser.add_argument("--seconds", type=float, default=3, help="to time each pair for (default: 3)")
    arguments = parser.parse_args()
    for name in ("layers", "hidden", "vocabulary", "lanes", "steps"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name} must be at least 1")
    if min(arguments.threads + arguments.blas_threads) < 1:
        parser.error("--threads and --blas-threads must be at least 1")
    if min(arguments.streams, arguments.embedding) < 0:
        parser.error("--streams and --embedding must be at least 0")
    if arguments.seconds <= 0:
        parser.error("--seconds must be above 0")
    return arguments


def make_model(torch, arguments):
    """The recurrent stack, its input layer (None: one-hot) and its output layer."""
    kinds = {"rnn_tanh": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru_reset_after": torch.nn.GRU}
    embedding = torch.nn.Embedding(arguments.vocabulary, arguments.embedding) if arguments.embedding else None
    stack = kinds[arguments.cell](arguments.embedding or arguments.vocabulary, arguments.hidden, arguments.layers)
    return stack, embedding, torch.nn.Linear(arguments.hidden, arguments.vocabulary)


def make_feed(torch, embedding, vocabulary):
    """Ids to what the stack reads."""
    one_hots = torch.eye(vocabulary)
    return embedding or (lambda ids: one_hots[ids])


def training_step(torch, arguments):
    """A function that takes one step, and the characters it handles."""
    stack, embedding, output = make_model(torch, arguments)
    feed = make_feed(torch, embedding, arguments.vocabulary)
    parameters = [p for module in (stack, embedding, output) if module for p in module.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-4)
    lanes, steps = arguments.lanes, arguments.steps
    batches = 39
    text = torch.randint(arguments.vocabulary, (batches * steps + 1, lanes))
    state = None
    place = 0

    def step():
        nonlocal state, place
        inputs, targets = text[place : place + steps], text[place + 1 : place + steps + 1]
        outputs, state = stack(feed(inputs), state)
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        logits = output(outputs).view(-1, arguments.vocabulary)
        loss = torch.nn.functional.cross_entropy(logits, targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        place = (place + steps) % (batches * steps)
        return loss.item()

    return step, lanes * steps


def decoding_step(torch, arguments):
    """Returns a function in which every stream reads a character and draws the next, and the number of characters."""
    stack, embedding, output = make_model(torch, arguments)
    feed = make_feed(torch, embedding, arguments.vocabulary)
    ids = torch.zeros(arguments.streams, dtype=torch.long)
    state = None

    def step():
        nonlocal ids, state
        with torch.inference_mode():
            outputs, state = stack(feed(ids)[None], state)
            chances = torch.softmax(output(outputs[0]), 1)
            ids = torch.multinomial(chances, 1)[:, 0]

    return step, arguments.streams


def characters_per_second(step, characters, seconds):
    step()  # sets everything up
    begin = time.perf_counter()
    steps = 0
    while (taken := time.perf_counter() - begin) < seconds:
        step()
        steps += 1
    return steps * characters / taken


def measure(arguments):
    """Prints the speed of this process, which has one pair of numbers of threads."""
    [threads], [blas_threads] = arguments.threads, arguments.blas_threads
    try:
        import torch
    except ImportError:
        blas.skip("this Python has no torch (Debian: python3-torch)")
    blas.skip_without_openblas()
    torch.manual_seed(1)
    torch.set_flush_denormal(True)
    torch.set_num_threads(threads)
    step, characters = (decoding_step if arguments.streams else training_step)(torch, arguments)
    speed = characters_per_second(step, characters, arguments.seconds)
    result = {"peer": f"PyTorch {torch.__version__}", "threads": threads, "blas_threads": blas_threads}
    print(json.dumps({**result, "chars_per_second": round(speed, 1)}))


def main():
    arguments = parse_arguments()
    if os.environ.get(CHILD):
        measure(arguments)
        return 0
    results = []
    for threads, blas_threads in itertools.product(arguments.threads, arguments.blas_threads):
        # A process of its own: OpenBLAS reads its number at the start.
        environment = blas.free_environment(threads, blas_threads) | {CHILD: "1"}
        command = [sys.executable, *sys.argv, "--threads", str(threads), "--blas-threads", str(blas_threads)]
        child = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
        if child.returncode != 0:
            return child.returncode
        results.append(json.loads(child.stdout))
        print(json.dumps(results[-1]), flush=True)
    best = max(results, key=lambda result: result["chars_per_second"])
    print(json.dumps({**best, "best": True}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
