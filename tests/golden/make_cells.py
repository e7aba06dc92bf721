#!/usr/bin/env python3
"""Checks tests/golden/cells.json, and adds the cases of a cell that the file lacks.

The reference is as slow and as plain as can be: every number is a `Number`, which remembers how it was computed, so that
one walk back over all of them gives the exact gradient of the loss. It needs nothing but Python. The cases of the cells
that PyTorch has were computed by PyTorch in float64; this reference agrees with them to 1e-13, which `main` checks again
in every run, so it may be trusted with a cell that PyTorch does not have.

To add a cell: write its step function from its equations, name it in CELLS, and run this program.

Shapes: inputs and targets are character ids [T][B]; h0, c0, h_n and c_n are [layers * directions][B][H]; weights have
PyTorch's names and order of rows. The input is one-hot, so that weight_ih_l0 has one column a character. The loss is the
mean cross-entropy of the T * B targets, in nats. The outputs of both directions, if there are two, are concatenated.
"""

import json
import math
import pathlib
import random
import sys

FILE = pathlib.Path(__file__).with_name("cells.json")
TOLERANCE = 1e-13
SHAPE = {"hidden": 5, "vocabulary": 7, "steps": 6, "batch": 3}
DEPTHS = ((1, False), (2, False), (2, True))  # layers, bidirectional


class Number:
    """A number, the numbers that it was computed from, and its derivatives with respect to those."""

    tape = []  # all numbers in the order of their computation

    def __init__(self, value, sources=()):
        self.value = value
        self.sources = sources  # (number, derivative) pairs
        self.gradient = 0.0
        Number.tape.append(self)

    def __add__(self, other):
        return Number(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __sub__(self, other):
        return Number(self.value - other.value, ((self, 1.0), (other, -1.0)))

    def __mul__(self, other):
        return Number(self.value * other.value, ((self, other.value), (other, self.value)))

    def gradients(self):
        """Sets the gradient of this number in each number that it depends on."""
        self.gradient = 1.0
        for number in reversed(Number.tape):
            for source, derivative in number.sources:
                source.gradient += number.gradient * derivative


def complement(a):
    return Number(1 - a.value, ((a, -1.0),))


def sigmoid(a):
    y = 1 / (1 + math.exp(-a.value))
    return Number(y, ((a, y * (1 - y)),))


def tanh(a):
    y = math.tanh(a.value)
    return Number(y, ((a, 1 - y * y),))


def relu(a):
    return Number(max(a.value, 0.0), ((a, 1.0 if a.value > 0 else 0.0),))


def mean_cross_entropy(rows, targets):
    """The mean of -ln softmax(row)[target], as one number with the known derivative."""
    total, sources = 0.0, []
    for row, target in zip(rows, targets):
        largest = max(logit.value for logit in row)
        shares = [math.exp(logit.value - largest) for logit in row]
        normalizer = sum(shares)
        total += math.log(normalizer) + largest - row[target].value
        for v, logit in enumerate(row):
            sources.append((logit, (shares[v] / normalizer - (v == target)) / len(rows)))
    return Number(total / len(rows), tuple(sources))


def affine(weight, bias, x):
    """weight x + bias, row by row; an int x is the one-hot vector of that index."""
    if isinstance(x, int):
        return [row[x] + b for row, b in zip(weight, bias)]
    result = []
    for row, total in zip(weight, bias):
        for w, value in zip(row, x):
            total = total + w * value
        result.append(total)
    return result


def gates(p, x, h, rows=slice(None)):
    """The rows' sums W x + b_ih + U h + b_hh."""
    of_input = affine(p["weight_ih"][rows], p["bias_ih"][rows], x)
    of_state = affine(p["weight_hh"][rows], p["bias_hh"][rows], h)
    return [a + b for a, b in zip(of_input, of_state)]


def split(values, parts):
    size = len(values) // parts
    return [values[i * size : (i + 1) * size] for i in range(parts)]


def unit_by_unit(function, *vectors):
    return [function(*values) for values in zip(*vectors)]


# One time step of each cell, of one lane: parameters, input, h and c give the new h and c. A cell without c passes it on.


def rnn_step(activation):
    return lambda p, x, h, c: (unit_by_unit(activation, gates(p, x, h)), c)


def lstm_state(i, f, g, c):
    return unit_by_unit(lambda i, f, g, c: sigmoid(f) * c + sigmoid(i) * tanh(g), i, f, g, c)


def lstm_output(o, c):
    return unit_by_unit(lambda o, c: sigmoid(o) * tanh(c), o, c)


def lstm_step(p, x, h, c):
    i, f, g, o = split(gates(p, x, h), 4)
    c = lstm_state(i, f, g, c)
    return lstm_output(o, c), c


def lstm_peephole_step(p, x, h, c):
    def looking(gate, peephole, c):
        return unit_by_unit(lambda a, w, c: a + w * c, gate, p[peephole], c)

    i, f, g, o = split(gates(p, x, h), 4)
    c = lstm_state(looking(i, "peephole_i", c), looking(f, "peephole_f", c), g, c)
    return lstm_output(looking(o, "peephole_o", c), c), c


def lstm_coupled_step(p, x, h, c):
    def unit(f, g, c):
        keep = sigmoid(f)
        return keep * c + complement(keep) * tanh(g)

    f, g, o = split(gates(p, x, h), 3)
    c = unit_by_unit(unit, f, g, c)
    return lstm_output(o, c), c


def gru_reset_after_step(p, x, h, c):
    r, z, of_input = split(affine(p["weight_ih"], p["bias_ih"], x), 3)
    r_state, z_state, of_state = split(affine(p["weight_hh"], p["bias_hh"], h), 3)

    def unit(r, r_state, z, z_state, of_input, of_state, h):
        update = sigmoid(z + z_state)
        candidate = tanh(of_input + sigmoid(r + r_state) * of_state)
        return complement(update) * candidate + update * h

    return unit_by_unit(unit, r, r_state, z, z_state, of_input, of_state, h), c


def gru_step(p, x, h, c):
    size = len(h)
    r, z = split(gates(p, x, h, slice(2 * size)), 2)
    kept = unit_by_unit(lambda r, h: sigmoid(r) * h, r, h)
    candidate = gates(p, x, kept, slice(2 * size, 3 * size))

    def unit(z, n, h):
        update = sigmoid(z)
        return complement(update) * h + update * tanh(n)

    return unit_by_unit(unit, z, candidate, h), c


# name: (step, rows of weights as multiples of the hidden size, whether it has c, names of other vectors)
CELLS = {
    "rnn_tanh": (rnn_step(tanh), 1, False, ()),
    "rnn_relu": (rnn_step(relu), 1, False, ()),
    "lstm": (lstm_step, 4, True, ()),
    "gru_reset_after": (gru_reset_after_step, 3, False, ()),
    "gru": (gru_step, 3, False, ()),
    "lstm_peephole": (lstm_peephole_step, 4, True, ("peephole_i", "peephole_f", "peephole_o")),
    "lstm_coupled": (lstm_coupled_step, 3, True, ()),
}


def directions_of(case):
    return 2 if case["bidirectional"] else 1


def suffix(layer, direction):
    return f"_l{layer}" + ("_reverse" if direction else "")


def draw_inputs(cell, layers, bidirectional):
    """A case with everything but results: ids, and parameters uniform on +-0.5."""
    case = {"cell": cell, "layers": layers, "bidirectional": bidirectional, **SHAPE}
    source = random.Random(f"{cell} {layers} {bidirectional}")
    hidden, vocabulary, batch = case["hidden"], case["vocabulary"], case["batch"]
    _, multiple, has_c, others = CELLS[cell]
    directions = directions_of(case)

    def draw(*shape):
        if not shape:
            return source.uniform(-0.5, 0.5)
        return [draw(*shape[1:]) for _ in range(shape[0])]

    parameters = {}
    for layer in range(layers):
        for direction in range(directions):
            end = suffix(layer, direction)
            width = vocabulary if layer == 0 else directions * hidden
            parameters["weight_ih" + end] = draw(multiple * hidden, width)
            parameters["weight_hh" + end] = draw(multiple * hidden, hidden)
            parameters["bias_ih" + end] = draw(multiple * hidden)
            parameters["bias_hh" + end] = draw(multiple * hidden)
            for other in others:
                parameters[other + end] = draw(hidden)
    parameters["output.weight"] = draw(vocabulary, directions * hidden)
    parameters["output.bias"] = draw(vocabulary)
    for state in ("h0", "c0")[: 2 if has_c else 1]:
        parameters[state] = draw(layers * directions, batch, hidden)
    case["parameters"] = parameters
    for ids in ("inputs", "targets"):
        case[ids] = [[source.randrange(vocabulary) for _ in range(batch)] for _ in range(case["steps"])]
    return case


def nested(function, x):
    return [nested(function, part) for part in x] if isinstance(x, list) else function(x)


def run_lane(case, p, lane):
    """The logits of each step of one lane, and its last h and c of each layer and direction."""
    step, _, has_c, _ = CELLS[case["cell"]]
    level = [row[lane] for row in case["inputs"]]
    ends = []
    for layer in range(case["layers"]):
        sides = []
        for direction in range(directions_of(case)):
            end = suffix(layer, direction)
            own = {name[: -len(end)]: values for name, values in p.items() if name.endswith(end)}
            i = len(ends)
            h, c = p["h0"][i][lane], p["c0"][i][lane] if has_c else None
            outputs = [None] * len(level)
            for t in reversed(range(len(level))) if direction else range(len(level)):
                h, c = step(own, level[t], h, c)
                outputs[t] = h
            sides.append(outputs)
            ends.append((h, c))
        level = [[value for side in sides for value in side[t]] for t in range(len(level))]
    return [affine(p["output.weight"], p["output.bias"], x) for x in level], ends


def results(case):
    """What the network of `case` computes."""
    Number.tape.clear()
    p = {name: nested(Number, values) for name, values in case["parameters"].items()}
    lanes = [run_lane(case, p, lane) for lane in range(case["batch"])]
    logits = [[lane[0][t] for lane in lanes] for t in range(case["steps"])]
    rows = [row for step in logits for row in step]
    loss = mean_cross_entropy(rows, [target for step in case["targets"] for target in step])
    loss.gradients()
    ends = range(len(lanes[0][1]))
    value = lambda number: number.value
    state = lambda which: nested(value, [[lane[1][i][which] for lane in lanes] for i in ends])
    return {
        "logits": nested(value, logits),
        "h_n": state(0),
        "c_n": state(1) if CELLS[case["cell"]][2] else None,
        "loss": loss.value,
        "gradients": {name: nested(lambda n: n.gradient, values) for name, values in p.items()},
    }


def distance(a, b):
    """The largest difference between two nested values of the same shape; infinite if the shapes differ."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return max(distance(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return max(map(distance, a, b))
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b)
    return 0.0 if a is None and b is None else math.inf


def main():
    golden = json.loads(FILE.read_text()) if FILE.exists() else {"cases": []}
    golden["about"] = "float64 reference runs; see make_cells.py"
    known = {(case["cell"], case["layers"], case["bidirectional"]): case for case in golden["cases"]}
    added = 0
    for cell in CELLS:
        for layers, bidirectional in DEPTHS:
            case = known.get((cell, layers, bidirectional))
            if case is None:
                case = draw_inputs(cell, layers, bidirectional)
                golden["cases"].append({**case, **results(case)})
                added += 1
                continue
            computed = results(case)
            apart = distance(computed, {name: case[name] for name in computed})
            if apart > TOLERANCE:
                sys.exit(
                    f"cells.json: {cell}, {layers} layers, bidirectional {bidirectional}: a value differs by {apart} from "
                    f"the reference; at most {TOLERANCE} is rounding"
                )
    if added and "--check" in sys.argv:
        sys.exit(f"cells.json lacks {added} cases")
    if added:
        FILE.write_text(json.dumps(golden))
    print(f"{len(known)} cases are right to {TOLERANCE}; {added} were added")


if __name__ == "__main__":
    main()
