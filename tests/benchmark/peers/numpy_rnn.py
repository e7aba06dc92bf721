#!/usr/bin/python3
"""The SEED recipe in numpy, on one thread: prints characters a second as a JSON line.

A vanilla RNN of 100 tanh units on one lane of 65 characters, T 25: forward, truncated BPTT, clipping of each element to
+-5, Adagrad at 0.1.

Needs Debian's python3-numpy and libopenblas0-pthread; exits with 3, and says so, where one is missing.
"""
import json
import os
import sys
import time

import blas

if any(name in os.environ for name in blas.HOLDING_BACK) or os.environ.get("OPENBLAS_NUM_THREADS") != "1":
    os.execve(sys.executable, [sys.executable, *sys.argv], blas.free_environment(threads=1, blas_threads=1))
try:
    import numpy as np
except ImportError:
    blas.skip("this Python has no numpy (Debian: python3-numpy)")
blas.skip_without_openblas()

V, H, T, STEPS = 65, 100, 25, 2000
rng = np.random.default_rng(1)
text = rng.integers(V, size=100_000)
w_in, w_rec, w_out = (rng.normal(0, 0.01, shape) for shape in ((H, V), (H, H), (V, H)))
b_h, b_y = np.zeros((H, 1)), np.zeros((V, 1))
parameters = [w_in, w_rec, w_out, b_h, b_y]
memories = [np.zeros_like(p) for p in parameters]


def loss_and_gradients(inputs, targets, h):
    xs, hs, ps, loss = {}, {-1: h}, {}, 0.0
    for t in range(T):
        xs[t] = np.zeros((V, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(w_in @ xs[t] + w_rec @ hs[t - 1] + b_h)
        y = w_out @ hs[t] + b_y
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss -= np.log(ps[t][targets[t], 0])
    gradients = [np.zeros_like(p) for p in parameters]
    d_in, d_rec, d_out, d_bh, d_by = gradients
    dh_next = np.zeros_like(h)
    for t in reversed(range(T)):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        d_out += dy @ hs[t].T
        d_by += dy
        da = (1 - hs[t] * hs[t]) * (w_out.T @ dy + dh_next)
        d_bh += da
        d_in += da @ xs[t].T
        d_rec += da @ hs[t - 1].T
        dh_next = w_rec.T @ da
    for gradient in gradients:
        np.clip(gradient, -5, 5, out=gradient)
    return loss, gradients, hs[T - 1]


def step(place, h):
    loss, gradients, h = loss_and_gradients(text[place : place + T], text[place + 1 : place + T + 1], h)
    for p, g, memory in zip(parameters, gradients, memories):
        memory += g * g
        p -= 0.1 * g / np.sqrt(memory + 1e-8)
    return loss, h


h = np.zeros((H, 1))
for i in range(100):
    _, h = step(i * T, h)
begin = time.perf_counter()
for i in range(STEPS):
    _, h = step(i * T, h)
speed = STEPS * T / (time.perf_counter() - begin)
print(json.dumps({"peer": f"numpy {np.__version__}", "threads": 1, "chars_per_second": round(speed, 1), "best": True}))
