"""Copy the weights of a model to its twin in the other framework, or refuse and change nothing."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import CourseError
from course_utils.parity import batches, kinds, match, proof, raw, runs, watch, weights

if TYPE_CHECKING:
    import keras
    import torch


MORE = 1, 3
"""By so much longer are inputs of any size, when the copy is proved again."""


def copy_weights(source: Any, target: Any, example: Any = None) -> None:
    """Give `target` the weights of `source`: a PyTorch module and a Keras model, either way round.

    Layers are matched by use: both models see one small batch, and twins are those that see the
    same numbers. The order of features is followed through flattening. Then every layer and both
    models answer another batch in evaluation mode, in their own type. Settings (epsilon, padding)
    are not weights and stay as they are. `example` is a batch as `source` takes it (several
    inputs: a list or a dict), for models whose input shapes cannot be known. Where a known input
    fits in two layouts, with other weights, the usual one is taken (channels first in PyTorch, last
    in Keras), and a line says so, as where a picture fits in another only. Where any size is known
    to do, several are compared; numbers are of sizes from 1e-9 to 1,000, so a bound beyond is not
    seen. Prints what was supposed, what was not compared, and what was left as it is.

    Raises CourseError where a layer has no twin or the models part by more than rounding, with
    the first such place and the cause that a test found; nothing has been changed then.
    """
    module, model = _sides(source, target)
    source_back, target_back = (_snapshot(one) for one in (source, target))
    try:
        notes = _copied(module, model, target is model, example)
    except BaseException as error:
        target_back()
        if isinstance(error, CourseError) or not isinstance(error, Exception):
            raise
        said = next(iter(str(error).splitlines()), "")
        raise CourseError(f"cannot copy: {type(error).__name__}: {said[:200]}") from error
    finally:
        source_back()  # some layers change when they answer: Embedding(max_norm=1), stateful LSTM
    for line in notes:
        print(line)


def _copied(
    module: "torch.nn.Module", model: "keras.Layer", to_keras: bool, example: Any
) -> list[str]:
    """Match, write, prove; return what the learner should know."""
    import keras
    import torch

    paths = {}
    for path, unit in kinds.torch_units(module):
        paths.setdefault(unit, path)
    others = [(paths.pop(unit), unit) for unit in list(paths) if not kinds.kind(unit)]
    tensors = [one for one in module.parameters() if one.is_floating_point()]
    like, from_torch = next(iter(tensors), torch.zeros(1)), to_keras and example is not None
    if from_torch and not model.built:
        inputs = batches.inputs(model, example, [])
        _build(model, batches.Feed(model, like, inputs, True, example))
    every = list({id(one): one for one in kinds.keras_units(model)}.values())
    layers = [layer for layer in every if kinds.is_known(layer)]
    sizes = [getattr(unit, "num_embeddings", None) for unit in paths]
    sizes += [getattr(layer, "input_dim", None) for layer in layers]
    bare = [unit for unit in paths if not [*unit.parameters(), *unit.buffers()]]
    layers = [one for one in layers if one.weights or any(kinds.are_twins(u, one) for u in bare)]
    steps, inputs = _steps(module, model), batches.inputs(model, example, list(filter(None, sizes)))
    raw.write(others, [layer for layer in every if not kinds.is_known(layer)], to_keras)
    both = watch.Both(module, model, [(path, unit) for unit, path in paths.items()], layers)
    feed = batches.Feed(model, like, inputs, from_torch, example)
    ranges = _settle(both, feed)
    found, route = match.find(both, feed)
    with runs.evaluating(module):  # spectral_norm moves on with each look in training mode
        weights.write(found.pairs, to_keras)
    masks = [one.mask_value for one in model._flatten_layers() if hasattr(one, "mask_value")]
    masked = next(iter(masks), 0.0)

    rounded = []

    def prove(fed: batches.Feed) -> None:
        laid = fed.lay(fed.draw(2, sizes=True, masked=masked), route)
        apart = None
        for step in steps:
            try:
                proof.prove(both, found.pairs, found.together, *laid, step)
                rounded.extend([str(apart)] if apart else [])
                return
            except CourseError as error:
                apart = error
        raise apart

    prove(feed)
    unproved = _other_sizes(feed, prove)
    if rounded:
        where = rounded[0].removeprefix("cannot copy: ").split("): ")[0]
        unproved.append(
            "Equal to float32's rounding, in which Keras takes some constants; "
            f"to float64's, {where})."
        )
    unknown = isinstance(model, keras.Model) and not getattr(model, "inputs", None)
    if unknown and any(len(one.shape) > 2 for one in inputs):
        shapes = ", ".join(str(one.shape[1:]) for one in inputs)
        unproved.append(f"Compared at inputs of {shapes} only: no other size is known.")
    used = {id(one) for pair in found.pairs for one in (pair.module, pair.layer)}
    spare = [unit for unit in paths if id(unit) not in used and paths[unit] not in found.followed]
    left = [f"PyTorch layer {paths[unit]!r}" for unit in spare]
    left += [f"Keras layer {layer.name!r}" for layer in layers if id(layer) not in used]
    notes = [*found.doubts[:1], *feed.supposed(route), *found.said, *ranges, *unproved]
    notes += [f"Not used, and left as it is: {one}." for one in left]
    return [*notes, *weights.shared(found.pairs)]


def _other_sizes(feed: batches.Feed, prove: Callable) -> list[str]:
    """Prove the copy at other sizes as well, where the model takes any; say where none can run.

    Steps and paddings that agree at an odd size may part at an even one, there or a layer later.
    """
    failed = []
    for more in MORE if any(one.open for one in feed.inputs) else ():
        other = replace(feed, inputs=[one.longer(more) for one in feed.inputs])
        shapes = ", ".join(str(one.shape[1:]) for one in other.inputs)
        try:
            prove(other)
        except CourseError as error:
            if not str(error).startswith("cannot run"):
                raise CourseError(f"{error} (inputs of {shapes})") from error
            failed.append(shapes)
    sizes = " and ".join(failed)
    return [f"Not compared at inputs of {sizes}: a model cannot run there."] if failed else []


def _build(model: "keras.Layer", feed: batches.Feed) -> None:
    """Let Keras make the weights of a model that was never called."""
    values = feed.draw(0)
    for route in feed.routes(values):
        with contextlib.suppress(CourseError):
            runs.run_keras(model, [], feed.lay(values, route)[1], lambda *_: None)
            return


def _steps(module: "torch.nn.Module", model: "keras.Layer") -> list[float]:
    """Return the rounding to prove a copy to; raises CourseError where the types are too coarse.

    Some of Keras's layers take a constant in float32 whatever their type is (the slope of a leaky
    ReLU, the root in GELU, the scale of attention), so behind float64 stands float32.
    """
    types = {str(one.dtype).split(".")[-1] for one in module.parameters()}
    types |= {one.dtype for one in model.weights}
    types |= {one.compute_dtype for one in model._flatten_layers() if one is not model}
    if coarse := types - {"float32", "float64"}:
        raise CourseError(
            f"cannot prove a copy in {min(coarse)}: copy in float32, convert both models then"
        )
    names = ["float64", "float32"] if types == {"float64"} else ["float32"]
    return [float(np.finfo(name).eps) for name in names]


def _settle(both: watch.Both, feed: batches.Feed) -> list[str]:
    """Where Keras has an embedding, whole numbers are for the inputs that reach it, up to its size.

    Returns what is said of others that are known to be whole numbers.
    """
    if all(one.top is None or one.some is not None for one in feed.inputs):
        return []
    values = feed.draw(1)
    inputs = feed.lay(values, next(iter(feed.routes(values))))[1]
    calls, _ = watch.keras_run(both, inputs, None)
    looked_up = [call for call in calls if hasattr(call.layer, "input_dim")]
    held = {getattr(unit, "num_embeddings", None) for _, unit in both.units_torch}
    lines, found = [], []
    for one, value in zip(feed.inputs, values, strict=True):
        sizes = [c.layer.input_dim for c in looked_up if np.array_equal(c.entered, value)]
        found.append([size if size in held else one.top for size in sizes])
    for n, (one, tops) in enumerate(zip(list(feed.inputs), found, strict=True)):
        if one.guess and not tops:
            feed.inputs[n] = one._replace(top=None)
        elif one.top is not None and one.some is None and not one.truth:
            top = min(tops, default=2 if any(found) else one.top)
            feed.inputs[n] = one._replace(top=top)
            if not tops:
                what = "0 and 1" if top == 2 else f"whole numbers below {top}"
                lines.append(f"Compared with {what} only in input {feed.labels[n]!r}.")
    return lines


def _sides(source: Any, target: Any) -> tuple["torch.nn.Module", "keras.Layer"]:
    import keras
    import torch

    both = source, target
    if any(isinstance(one, dict) for one in both):
        raise CourseError("cannot copy a state_dict: load it into a model, and give the model")
    models = [one for one in both if isinstance(one, keras.Layer)]
    modules = [one for one in both if isinstance(one, torch.nn.Module)]
    if len(modules) == 2:
        raise CourseError("both are PyTorch models: target.load_state_dict(source.state_dict())")
    if len(models) == 2:
        raise CourseError("both are Keras models: target.set_weights(source.get_weights())")
    if not (modules and models):
        odd = next(one for one in both if not isinstance(one, keras.Layer | torch.nn.Module))
        raise CourseError(
            f"cannot copy: give a PyTorch module and a Keras model, not {type(odd).__name__}"
        )
    if keras.backend.backend() != "tensorflow":
        raise CourseError("cannot copy: Keras must run on TensorFlow here")
    return getattr(modules[0], "_orig_mod", modules[0]), models[0]


def _snapshot(model: Any) -> Callable[[], None]:
    """Return what puts a model's weights back."""
    import torch

    if not isinstance(model, torch.nn.Module):
        old = [(variable, variable.numpy()) for variable in model.weights]
        return lambda: [variable.assign(value) for variable, value in old]
    tensors = [*model.parameters(), *model.buffers()]
    known = [one for one in tensors if not (one.is_meta or torch.nn.parameter.is_lazy(one))]
    saved = [(one, one.detach().clone()) for one in known]

    def put_back() -> None:
        with torch.no_grad():
            for tensor, value in saved:
                if not torch.equal(tensor, value):
                    tensor.copy_(value)

    return put_back
