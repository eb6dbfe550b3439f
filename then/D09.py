"""D09: do the two execute differently on devices? Operands apart, a missing device."""

import shims

torch, tf = shims.one_thread()
Part = tf.config.LogicalDeviceConfiguration
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [Part(), Part()]
)


def apart_tf():
    """Add what lies on one device to what lies on another."""
    with tf.device("CPU:0"):
        one = tf.ones(2)
    with tf.device("CPU:1"):
        other = tf.ones(2)
    assert (one + other).numpy().tolist() == [2, 2]


def apart_torch():
    """Do the same; meta is a device without memory, on which addition is known in both years."""
    torch.ones(2) + torch.ones(2, device="meta")


def together_torch():
    """Add what lies together, on that device."""
    torch.ones(2, device="meta") + torch.ones(2, device="meta")


def missing_tf():
    """Ask for a card where there is none."""
    with tf.device("GPU:0"):
        tf.ones(2) + 1


def missing_torch():
    """Do the same."""
    torch.ones(2, device="cuda")


assert shims.works(together_torch)
tf_apart, torch_apart = shims.works(apart_tf), shims.works(apart_torch)
shims.answer(
    {
        "operands apart: TensorFlow fetches, PyTorch refuses": tf_apart and not torch_apart,
        "a card that is missing: TensorFlow goes on, PyTorch refuses": shims.works(missing_tf)
        and not shims.works(missing_torch),
    }
)
