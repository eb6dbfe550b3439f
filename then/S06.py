"""S06: does it depend on need which framework is the better one? Three needs, as in its lesson.

Small operations, called one by one from Python; a loop that depends on data, to be shipped as it
is written, by the newest exporter of each: `torch.jit.script` then, `torch.export` now; and a
program that names a card, to be run as it is written where there is none.
"""

import tempfile
import time

import shims

torch, tf = shims.one_thread()


class Halving(torch.nn.Module):
    """Halve a list until its sum is at most 1."""

    def forward(self, x):
        """Return what is left."""
        while x.sum() > 1:
            x = x / 2
        return x


@tf.function(input_signature=[tf.TensorSpec([None])])
def halving_tf(x):
    """Do the same in TensorFlow."""
    while tf.reduce_sum(x) > 1:
        x = x / 2
    return x


def ship_torch():
    """Write the loop to a file, open it, ask it twice."""
    place = tempfile.mkdtemp() + "/halving"
    if hasattr(torch, "export"):
        torch.export.save(torch.export.export(Halving(), (torch.ones(2),)), place)
        opened = torch.export.load(place).module()
    else:
        torch.jit.script(Halving()).save(place)
        opened = torch.jit.load(place)
    assert opened(torch.tensor([8.0, 8.0])).tolist() == [0.5, 0.5]
    assert opened(torch.tensor([0.25])).tolist() == [0.25]


def ship_tf():
    """Do the same in TensorFlow."""
    module, place = tf.Module(), tempfile.mkdtemp()
    module.halve = halving_tf
    tf.saved_model.save(module, place)
    opened = tf.saved_model.load(place)
    assert opened.halve(tf.constant([8.0, 8.0])).numpy().tolist() == [0.5, 0.5]
    assert opened.halve(tf.constant([0.25])).numpy().tolist() == [0.25]


def go_on_torch(place="cuda"):
    """Compute on a card where there is none."""
    torch.ones(2, device=place) + 1


def go_on_tf(place="GPU:0"):
    """Do the same in TensorFlow."""
    with tf.device(place):
        tf.ones(2) + 1


def milliseconds(start):
    """Return the least processor time of five runs of 300 small operations."""
    found = []
    for _ in range(5):
        begun, value = time.process_time(), start
        for _ in range(300):
            value = value * 1.01
        found.append(1000 * (time.process_time() - begun))
    return min(found)


times = {"PyTorch": milliseconds(torch.ones(8)), "TensorFlow": milliseconds(tf.ones(8))}
ships = {"PyTorch": shims.works(ship_torch), "TensorFlow": shims.works(ship_tf)}
assert shims.works(go_on_torch, "cpu")
assert shims.works(go_on_tf, "CPU:0")
goes_on = {"PyTorch": shims.works(go_on_torch), "TensorFlow": shims.works(go_on_tf)}
better = {
    one: [
        2 * times[one] < times[other],
        ships[one] and not ships[other],
        goes_on[one] and not goes_on[other],
    ]
    for one, other in (("PyTorch", "TensorFlow"), ("TensorFlow", "PyTorch"))
}
shims.answer(
    {"each of the two is the better one for a need": all(map(any, better.values()))},
    counts={f"needs that {name} meets better": sum(own) for name, own in better.items()},
)
