"""PyTorch modules into a running server and back: pytorch_exchange.py RUNNEL HOST:PORT FOLDER.

What a model is worth there is compared by Score and by the text that it writes at temperature 0.
"""
import json
import struct
import subprocess
import sys

import numpy
import torch

CHARACTERS = "\n abcdefghij"  # in code-point order
TEXT = "abc dead beef\nfade a cab\nidea hid"
TOLERANCE = 1e-4  # nats a character


def expect(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


# ---- safetensors, as its document has it

DTYPES = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16"}


def save(tensors, path, metadata=None):
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, tensor in tensors.items():
        tensor = tensor.detach().contiguous()
        raw = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
        chunk = raw.numpy().tobytes()
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(chunk)]}
        data += chunk
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def load(path):
    with open(path, "rb") as file:
        content = file.read()
    length = struct.unpack("<Q", content[:8])[0]
    header, data = json.loads(content[8:8 + length]), content[8 + length:]
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        expect(entry["dtype"] == "F32", f"{name} is {entry['dtype']}")
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors, metadata


# ---- the models

class Model(torch.nn.Module):
    """Modules under Runnel's names: a state dict that fits both ways."""

    def __init__(self, kind, layers, hidden, embedding=0, bidirectional=False, bias=True, **options):
        super().__init__()
        size = len(CHARACTERS)
        if embedding:
            self.embedding = torch.nn.Embedding(size, embedding)
        self.rnn = kind(embedding or size, hidden, layers, bidirectional=bidirectional, bias=bias, batch_first=True, **options)
        self.output = torch.nn.Linear(hidden * (2 if bidirectional else 1), size, bias=bias)

    def forward(self, ids, state=None):
        if hasattr(self, "embedding"):
            inputs = self.embedding(ids)
        else:
            inputs = torch.nn.functional.one_hot(ids, len(CHARACTERS)).to(self.output.weight.dtype)
        hidden, state = self.rnn(inputs, state)
        return self.output(hidden), state


def ids_of(text):
    return torch.tensor([[CHARACTERS.index(c) for c in text]])


def char_logprobs(model, text):
    """Nats of each character after the ones before it, the first after the start character."""
    with torch.no_grad():
        logits, _ = model(ids_of("\n" + text[:-1]))
        logprobs = torch.log_softmax(logits.double(), dim=-1)[0]
    return [logprobs[i, CHARACTERS.index(c)].item() for i, c in enumerate(text)]


def masked_logprobs(model, text):
    """Nats of each character given all others: its input is the zero vector."""
    logprobs = []
    with torch.no_grad():
        for i, c in enumerate(text):
            inputs = torch.nn.functional.one_hot(ids_of(text), len(CHARACTERS)).float()
            inputs[0, i] = 0
            logits = model.output(model.rnn(inputs)[0])
            logprobs.append(torch.log_softmax(logits.double(), dim=-1)[0, i, CHARACTERS.index(c)].item())
    return logprobs


def greedy(model, prompt, count):
    with torch.no_grad():
        logits, state = model(ids_of(prompt))
        text = ""
        for _ in range(count):
            text += CHARACTERS[int(logits[0, -1].argmax())]
            logits, state = model(ids_of(text[-1]), state)
    return text


def sharpen(model, seed):
    """Weights large enough that a text shows them; not so large that a ReLU's state grows without end."""
    torch.manual_seed(seed)
    bound = 0.5 if getattr(model.rnn, "nonlinearity", "") == "relu" else 0.8
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-bound, bound)
    return model


# ---- the client

class Client:
    def __init__(self, program, address):
        self.command = [program, "--server", address]

    def run(self, *args, code=0):
        result = subprocess.run([*self.command, *args], capture_output=True, text=True, check=False)
        expect(result.returncode == code, f"{args} exited {result.returncode}, not {code}: {result.stderr}{result.stdout}")
        return result.stdout if code == 0 else result.stderr

    def score(self, name, text):
        """Nats a character."""
        return json.loads(self.run("score", name, text, "--per-char", "--json"))["charLogprobs"]

    def generate(self, name, prompt, count):
        return self.run("generate", name, "--prompt", prompt, "--temperature", "0", "--max-chars", str(count))


def check_scores(client, name, expected):
    scored = client.score(name, TEXT)
    worst = max(abs(a - b) for a, b in zip(scored, expected))
    expect(len(scored) == len(expected) and worst < TOLERANCE, f"{name}: scores differ by {worst} nats a character")
    check_scores.worst = max(check_scores.worst, worst)


check_scores.worst = 0.0


def check_same(client, name, model):
    check_scores(client, name, char_logprobs(model, TEXT))
    written, expected = client.generate(name, "\nabc", 100), greedy(model, "\nabc", 100)
    expect(written.rstrip("\n") == expected.rstrip("\n"), f"{name} wrote {written!r}, not {expected!r}")


def check_export(client, name, model, folder):
    """What comes back loads into the same modules, and is the same function."""
    path = f"{folder}/{name}-exported.safetensors"
    client.run("models", "export", name, path)
    tensors, metadata = load(path)
    expect(json.loads(metadata["runnel"])["vocabulary"]["characters"] == CHARACTERS, "the vocabulary is another")
    again = Model.__new__(Model)
    torch.nn.Module.__init__(again)
    again.__dict__["_modules"].update({key: type(value)(**modules_of(value)) for key, value in model.named_children()})
    again.load_state_dict(tensors, strict=True)
    difference = max(abs(a - b) for a, b in zip(char_logprobs(again, TEXT), char_logprobs(model, TEXT)))
    expect(difference < TOLERANCE, f"{name}: what was exported differs by {difference} nats")
    client.run("models", "import", path, "--model", f"{name}-again")
    expect(client.generate(f"{name}-again", "\nabc", 50) == client.generate(name, "\nabc", 50), f"{name}-again writes another text")
    expect("exists already" in client.run("models", "export", name, path, code=2), "a file was overwritten")
    client.run("models", "export", name, path, "--force")


def modules_of(module):
    if isinstance(module, torch.nn.Linear):
        return {"in_features": module.in_features, "out_features": module.out_features}
    if isinstance(module, torch.nn.Embedding):
        return {"num_embeddings": module.num_embeddings, "embedding_dim": module.embedding_dim}
    options = {"input_size": module.input_size, "hidden_size": module.hidden_size, "num_layers": module.num_layers,
               "bidirectional": module.bidirectional, "batch_first": True}
    if isinstance(module, torch.nn.RNN):
        options["nonlinearity"] = module.nonlinearity
    return options


CELLS = {"rnn-tanh": (torch.nn.RNN, {}), "rnn-relu": (torch.nn.RNN, {"nonlinearity": "relu"}),
         "lstm": (torch.nn.LSTM, {}), "gru-reset-after": (torch.nn.GRU, {})}


def check_cells(client, folder):
    for seed, (cell, (kind, options)) in enumerate(CELLS.items()):
        for layers in (1, 3):
            for embedding in (0, 7):
                name = f"{cell}-{layers}-{embedding}"
                model = sharpen(Model(kind, layers, 12 if cell != "rnn-relu" else 6, embedding, **options), 10 * seed + layers)
                path = f"{folder}/{name}.safetensors"
                save(model.state_dict(), path, {"format": "pt"})
                told = client.run("models", "import", path, "--model", name, "--cell", cell, "--vocabulary", CHARACTERS)
                expect(f"{name}:1" in told, f"the client said {told}")
                check_same(client, name, model)
                check_export(client, name, model, folder)


def check_bidirectional(client, folder):
    model = sharpen(Model(torch.nn.LSTM, 2, 9, bidirectional=True), 3)
    path, back = f"{folder}/both.safetensors", f"{folder}/both-exported.safetensors"
    save(model.state_dict(), path)
    told = client.run("models", "import", path, "--model", "both", "--cell", "lstm", "--vocabulary", CHARACTERS, code=2)
    expect("--bidirectional" in told, f"the client said {told}")
    client.run("models", "import", path, "--model", "both", "--cell", "lstm", "--bidirectional", "--vocabulary", CHARACTERS)
    check_scores(client, "both", masked_logprobs(model, TEXT))
    client.run("models", "export", "both", back)
    tensors, _ = load(back)
    again = Model(torch.nn.LSTM, 2, 9, bidirectional=True)
    again.load_state_dict(tensors, strict=True)
    difference = max(abs(a - b) for a, b in zip(char_logprobs(again, TEXT), char_logprobs(model, TEXT)))
    expect(difference < TOLERANCE, f"the bidirectional model differs by {difference} nats")


def check_spellings(client, folder):
    """The same model under other names, in other types, without biases, with its characters in another order."""
    model = sharpen(Model(torch.nn.LSTM, 2, 12, 7), 5)
    state = model.state_dict()
    arguments = ("--cell", "lstm", "--vocabulary", CHARACTERS)

    def import_as(name, tensors, *options):
        save(tensors, f"{folder}/{name}.safetensors")
        client.run("models", "import", f"{folder}/{name}.safetensors", "--model", name, *options)

    names = {"rnn.": "encoder.lstm.", "output.": "head.", "embedding.": "tok.emb."}
    renamed = {names[key.split(".")[0] + "."] + key.split(".")[1]: value for key, value in state.items()}
    import_as("renamed", renamed, *arguments)
    check_same(client, "renamed", model)
    import_as("double", {key: value.double() for key, value in state.items()}, *arguments)
    check_same(client, "double", model)
    for name, dtype in (("half", torch.float16), ("bfloat", torch.bfloat16)):
        rounded = {key: value.to(dtype) for key, value in state.items()}
        import_as(name, rounded, *arguments)
        other = Model(torch.nn.LSTM, 2, 12, 7)
        other.load_state_dict({key: value.float() for key, value in rounded.items()})
        check_same(client, name, other)

    for kind, cell in ((torch.nn.GRU, "gru-reset-after"), (torch.nn.LSTM, "lstm")):
        bare = sharpen(Model(kind, 2, 12, bias=False), 6)
        import_as(f"bare-{cell}", bare.state_dict(), "--cell", cell, "--vocabulary", CHARACTERS)
        check_same(client, f"bare-{cell}", bare)

    shuffled = "jihgfedcba\n "
    order = [CHARACTERS.index(c) for c in shuffled]
    for name, one in (("order-embedding", model), ("order-one-hot", sharpen(Model(torch.nn.GRU, 1, 12), 8))):
        moved = dict(one.state_dict())
        for key in ("embedding.weight", "output.weight", "output.bias"):
            if key in moved:
                moved[key] = moved[key][order]
        if "embedding.weight" not in moved:
            moved["rnn.weight_ih_l0"] = moved["rnn.weight_ih_l0"][:, order]
        cell = "lstm" if one is model else "gru-reset-after"
        with open(f"{folder}/characters.txt", "w", encoding="utf-8") as file:
            file.write(shuffled)
        import_as(name, moved, "--cell", cell, "--vocabulary-file", f"{folder}/characters.txt")
        check_same(client, name, one)


def check_tied(client, folder):
    """One matrix for the embedding and the output layer, stored under either name as safetensors.torch.save_model does."""
    model = sharpen(Model(torch.nn.LSTM, 1, 9, 9), 9)
    model.output.weight = model.embedding.weight
    for kept, dropped in (("embedding.weight", "output.weight"), ("output.weight", "embedding.weight")):
        name = "tied-" + kept.split(".")[0]
        tensors = {key: value for key, value in model.state_dict().items() if key != dropped}
        save(tensors, f"{folder}/{name}.safetensors", {"format": "pt", dropped: kept})
        client.run("models", "import", f"{folder}/{name}.safetensors", "--model", name, "--cell", "lstm",
                   "--vocabulary", CHARACTERS)
        check_same(client, name, model)


def check_refusals(client, folder):
    model = Model(torch.nn.LSTM, 1, 8)
    path = f"{folder}/fine.safetensors"
    save(model.state_dict(), path)

    def refused(what, *options, file=path):
        told = client.run("models", "import", file, "--model", "refused", *options, code=2)
        expect(what in told, f"no {what!r} in {told!r}")

    refused("--cell", "--vocabulary", CHARACTERS)
    refused("--vocabulary", "--cell", "lstm")
    refused("for gru_reset_after", "--cell", "gru-reset-after", "--vocabulary", CHARACTERS)
    refused("torch.nn does not have", "--cell", "lstm-peephole", "--vocabulary", CHARACTERS)
    refused("the file's network has 8", "--cell", "lstm", "--hidden", "9", "--vocabulary", CHARACTERS)
    refused("has 13 symbols", "--cell", "lstm", "--vocabulary", CHARACTERS + "x")
    refused("twice", "--cell", "lstm", "--vocabulary", "aa" + CHARACTERS[2:])
    torch.save(model.state_dict(), f"{folder}/pickle.pt")
    refused("zip archive", "--cell", "lstm", "--vocabulary", CHARACTERS, file=f"{folder}/pickle.pt")
    client.run("models", "show", "refused", code=3)


def main(program, address, folder):
    torch.set_num_threads(1)
    client = Client(program, address)
    check_cells(client, folder)
    check_bidirectional(client, folder)
    check_spellings(client, folder)
    check_tied(client, folder)
    check_refusals(client, folder)
    print(f"{len(CELLS) * 4 + 11} models exchanged; scores agree within {check_scores.worst:.1e} nats a character")


main(*sys.argv[1:])
