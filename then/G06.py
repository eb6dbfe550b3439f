"""G06: do static graphs allow distribution over machines? Two processes share the rows."""

import json
import socket
import subprocess
import sys

import shims

ROWS = [[1.0, 2.0], [0.5, -1.0], [2.0, 0.0], [-1.5, 1.0]]
TORCH = """
import os, sys, json, torch
import torch.distributed as dist
rank, port, rows, share = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
if share == "together":
    dist.init_process_group("gloo", rank=rank, world_size=2)
net = torch.nn.Linear(2, 1)
with torch.no_grad():
    net.weight.fill_(0.5); net.bias.fill_(0.0)
graph = torch.jit.script(net)
data = torch.tensor(rows if share == "alone" else rows[rank::2])
for _ in range(3):
    loss = (graph(data) ** 2).mean()
    gradients = torch.autograd.grad(loss, list(net.parameters()))
    with torch.no_grad():
        for weight, gradient in zip(net.parameters(), gradients):
            if share == "together":
                dist.all_reduce(gradient)
                gradient /= 2
            weight -= 0.1 * gradient
print(json.dumps(net.weight.flatten().tolist()))
"""
TENSORFLOW = """
import os, sys, json
rank, port, rows, share = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4]
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
if share == "together":
    workers = ["127.0.0.1:%d" % port, "127.0.0.1:%d" % (port + 1)]
    os.environ["TF_CONFIG"] = json.dumps(
        {"cluster": {"worker": workers}, "task": {"type": "worker", "index": rank}})
import tensorflow as tf
strategy = (tf.distribute.MultiWorkerMirroredStrategy() if share == "together"
            else tf.distribute.get_strategy())
data = tf.constant(rows if share == "alone" else rows[rank::2])
with strategy.scope():
    weight = tf.Variable([[0.5], [0.5]])
def gradient_of(data):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((data @ weight) ** 2)
    gradient = tape.gradient(loss, weight)
    context = tf.distribute.get_replica_context()
    gradient = context.all_reduce("MEAN", gradient) if share == "together" else gradient
    weight.assign_sub(0.1 * gradient) if share != "together" else None
    return gradient
@tf.function
def step(data):
    return strategy.run(gradient_of, args=(data,))
for _ in range(3):
    gradient = step(data)
    if share == "together":
        weight.assign_sub(0.1 * gradient)
print(json.dumps(weight.numpy().ravel().tolist()))
"""


def weights(code, share):
    """Train in two processes (or one, alone) and return the weights of each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(rank), str(port), json.dumps(ROWS), share],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for rank in range(1 if share == "alone" else 2)
    ]
    said = [process.communicate(timeout=200)[0] for process in processes]
    return [json.loads(text.strip().splitlines()[-1]) for text in said]


def near(one, other):
    """Say whether two lists of weights are the same but for rounding."""
    return max(abs(a - b) for a, b in zip(one, other)) < 1e-5


truths = {}
for name, code in {"PyTorch": TORCH, "TensorFlow": TENSORFLOW}.items():
    (alone,) = weights(code, "alone")
    together, apart = weights(code, "together"), weights(code, "apart")
    truths[f"{name}: two processes with a graph reach one process's weights"] = all(
        near(own, alone) for own in together
    )
    truths[f"{name}: without speaking to each other they do not"] = not all(
        near(own, alone) for own in apart
    )
shims.answer(truths)
