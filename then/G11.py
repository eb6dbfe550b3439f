"""G11: are data whose size varies simpler in dynamic graphs? Traces for seven lengths."""

import shims

torch, tf = shims.one_thread()
LENGTHS = (3, 5, 4, 9, 2, 7, 6)
made = []


def last_tf(values):
    """Sum with a decay, one place after another; each tracing leaves a note."""
    made.append(1)
    state = tf.constant(0.0)
    for place in tf.range(tf.shape(values)[0]):
        state = 0.5 * state + values[place]
    return state


def last_torch(values):
    """Do the same in PyTorch."""
    state = torch.zeros(())
    for place in range(values.shape[0]):
        state = 0.5 * state + values[place]
    return state


def traces(function):
    """Count how often a function is traced for the seven lengths."""
    made.clear()
    for length in LENGTHS:
        function(tf.ones([length]))
    return len(made)


as_it_comes = traces(tf.function(last_tf))
told = traces(tf.function(last_tf, input_signature=[tf.TensorSpec([None], tf.float32)]))
traced = torch.jit.trace(last_torch, (torch.ones(3),), check_trace=False)


def right(length):
    """Ask the trace of three places for another length; it answers wrongly, or raises."""
    assert torch.equal(traced(torch.ones(length)), last_torch(torch.ones(length)))


wrong = [length for length in LENGTHS if not shims.works(right, length)]
eager = [abs(float(last_torch(torch.ones(n))) - float(last_tf(tf.ones([n])))) for n in LENGTHS]
shims.answer(
    {
        "eager code of both takes every length": max(eager) < 1e-6,
        "TensorFlow's graph is made again for other lengths": as_it_comes > 1,
        "told of open lengths it is made once": told == 1,
        "PyTorch's trace answers its own length only": sorted([3, *wrong]) == sorted(LENGTHS),
    },
    counts={"traces": as_it_comes, "traces when told": told, "not answered by a trace": wrong},
)
