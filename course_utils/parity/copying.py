"""Copy the weights of a model to its twin in the other framework, or refuse and change nothing."""

import contextlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import CourseError
from course_utils.parity import batches, kinds, match, proof, runs, watch, weights

if TYPE_CHECKING:
    import keras
    import torch


def copy_weights(source: Any, target: Any, example: Any = None) -> None:
    """Give `target` the weights of `source`: a PyTorch module and a Keras model, either way round.

    Layers are matched by use: both models see one small batch, and twins are those that see the
    same numbers. The order of features is followed through flattening. Then every layer and both
    models answer another batch in evaluation mode, in their own type. Settings (epsilon, padding)
    are not weights and stay as they are. `example` is a batch as `source` takes it (several
    inputs: a list), for models whose input shapes cannot be known.

    Raises CourseError where a layer has no twin or the models part by more than rounding, with
    the first such place and the cause that a test found; nothing has been changed then.
    """
    module, model = _sides(source, target)
    copied = _Copy(module, model, target is model, example)
    both = [_snapshot(one) for one in (source, target)]
    try:
        copied.find_twins()
        with runs.evaluating(module):  # spectral_norm moves on with each look in training mode
            copied.write()
        copied.prove()
    except BaseException as error:
        both[1]()
        if isinstance(error, CourseError) or not isinstance(error, Exception):
            raise
        said = next(iter(str(error).splitlines()), "")
        raise CourseError(f"cannot copy: {type(error).__name__}: {said[:200]}") from error
    finally:
        both[0]()  # some layers change when they answer: Embedding(max_norm=1), stateful LSTM
    for line in copied.notes():
        print(line)


def _sides(source: Any, target: Any) -> tuple["torch.nn.Module", "keras.Layer"]:
    import keras
    import torch

    both = source, target
    if any(isinstance(one, dict) for one in both):
        raise CourseError("cannot copy a state_dict: load it into a model, and give the model")
    models = [one for one in both if isinstance(one, keras.Layer)]
    others = [one for one in both if not isinstance(one, keras.Layer)]
    modules = [one for one in others if isinstance(one, torch.nn.Module)]
    if len(modules) == 2:
        raise CourseError("both are PyTorch models: target.load_state_dict(source.state_dict())")
    if len(models) == 2:
        raise CourseError("both are Keras models: target.set_weights(source.get_weights())")
    if not (modules and models):
        odd = next(one for one in others if not isinstance(one, torch.nn.Module))
        raise CourseError(
            f"cannot copy: give a PyTorch module and a Keras model, not {type(odd).__name__}"
        )
    if keras.backend.backend() != "tensorflow":
        raise CourseError("cannot copy: Keras must run on TensorFlow here")
    return getattr(modules[0], "_orig_mod", modules[0]), models[0]


def _snapshot(target: Any) -> Callable[[], None]:
    """Return what puts a model's weights back."""
    import torch

    if not isinstance(target, torch.nn.Module):
        old = [(variable, variable.numpy()) for variable in target.weights]
        return lambda: [variable.assign(value) for variable, value in old]
    tensors = [one for one in [*target.parameters(), *target.buffers()] if not _is_lazy(one)]
    saved = [(one, one.detach().clone()) for one in tensors]

    def put_back() -> None:
        with torch.no_grad():
            for tensor, value in saved:
                if not torch.equal(tensor, value):
                    tensor.copy_(value)

    return put_back


def _is_lazy(tensor: "torch.Tensor") -> bool:
    import torch

    return torch.nn.parameter.is_lazy(tensor)


class _Copy:
    """One copy on its way: matched, written, proved."""

    def __init__(
        self, module: "torch.nn.Module", model: "keras.Layer", to_keras: bool, example: Any
    ) -> None:
        import torch

        self.module, self.model, self.to_keras = module, model, to_keras
        self.from_torch = to_keras and example is not None
        self.units_torch = list(kinds.torch_units(module))
        tensors = [one for one in module.parameters() if one.is_floating_point()]
        self.like = next(iter(tensors), torch.zeros(1))
        if self.from_torch:
            self._build(example)
        self.units_keras = list({id(one): one for one in kinds.keras_units(model)}.values())
        inner = list(model._flatten_layers(include_self=False))
        self.masked = next((one.mask_value for one in inner if hasattr(one, "mask_value")), 0.0)
        types = {str(one.dtype).split(".")[-1] for one in module.parameters()}
        types |= {one.dtype for one in model.weights} | {one.compute_dtype for one in inner}
        types = types or {"float32"}
        if coarse := types - {"float32", "float64"}:
            raise CourseError(
                f"cannot prove a copy in {min(coarse)}: copy in float32, convert both models then"
            )
        self.step = float(np.finfo("float32" if "float32" in types else "float64").eps)
        sizes = [getattr(unit, "num_embeddings", None) for _, unit in self.units_torch]
        sizes += [getattr(layer, "input_dim", None) for layer in self.units_keras]
        self.specs = batches.specs(model, example, [size for size in sizes if size])
        struct = getattr(model, "input", None) if getattr(model, "inputs", None) else None
        self.names = list(struct) if isinstance(struct, dict) else None

    def _build(self, example: Any) -> None:
        """Let Keras make the weights of a model that was never called."""
        specs = batches.specs(self.model, example, [])
        values = batches.draw(specs, 0)
        for route in batches.routes(values, True, None):
            with contextlib.suppress(CourseError):
                inputs = batches.for_keras(self.model, values, route, True)
                runs.run_keras(self.model, [], inputs, lambda layer, entered, left: left)
                return

    def _inputs(self, values: list[np.ndarray], route: batches.Route) -> tuple[Any, Any]:
        call = batches.for_torch(values, route, self.names, self.like, self.from_torch)
        return call, batches.for_keras(self.model, values, route, self.from_torch)

    def find_twins(self) -> None:
        """Find the way to feed both models, and the twins."""
        self._settle_inputs()
        values = batches.draw(self.specs, 1)
        recorded, errors, best = {}, [], None
        for route in batches.routes(values, self.from_torch, self.names):
            try:
                call, inputs = self._inputs(values, route)
                if route.ways_keras not in recorded:
                    recorded[route.ways_keras] = None
                    recorded[route.ways_keras] = watch.keras_run(
                        self.model, self.units_keras, inputs, watch.narrow()
                    )
                if recorded[route.ways_keras] is None:
                    continue
                found = match.match(
                    self.module, self.units_torch, call, *recorded[route.ways_keras]
                )
            except CourseError as error:
                errors.append(error)
                continue
            if best is None or found.rank < best.rank:
                best, self.route = found, route
            if best.complete:
                break
        if best is None:
            raise errors[0]
        if best.problem:
            raise CourseError(best.problem)
        self.found = best

    def _settle_inputs(self) -> None:
        """Where Keras has an embedding, whole numbers are for the inputs that reach it."""
        if not any(spec.guess for spec in self.specs):
            return
        values = batches.draw(self.specs, 1)
        route = next(batches.routes(values, self.from_torch, self.names))
        inputs = batches.for_keras(self.model, values, route, self.from_torch)
        calls, _ = watch.keras_run(self.model, self.units_keras, inputs, None)
        looked_up = [call.entered for call in calls if hasattr(call.layer, "input_dim")]
        for n, value in enumerate(values):
            used = any(one is not None and np.array_equal(one, value) for one in looked_up)
            if self.specs[n].guess and not used:
                self.specs[n] = self.specs[n]._replace(top=None)

    def write(self) -> None:
        """Copy every pair's weights; raises CourseError where shared weights cannot be followed."""
        pairs = [link.pair for link in self.found.links]
        for pair in pairs:
            if self.to_keras:
                weights.write_keras(pair)
            else:
                weights.write_torch(pair)
        for pair in pairs:
            arrays = weights.as_keras(pair, weights.read_torch(pair))
            variables = [one.numpy() for one in weights.keras_variables(pair.layer)]
            if not all(np.isfinite(one).all() for one in variables):
                raise CourseError(f"cannot copy {pair}: its weights are not finite")
            coarse = min((arrays[0].dtype, variables[0].dtype), key=lambda kind: kind.itemsize)
            both = zip(arrays, variables, strict=True)
            if not all(np.array_equal(a.astype(coarse), b.astype(coarse)) for a, b in both):
                raise CourseError(
                    f"cannot copy {pair}: one of them shares its weights with another layer, "
                    "and the twins' weights differ"
                )

    def prove(self) -> None:
        """Compare what both models do with a new batch, whose rows have very different sizes."""
        values = batches.draw(self.specs, 2, sizes=True, masked=self.masked)
        inputs = self._inputs(values, self.route)
        models = proof.Models(self.module, self.model, self.units_torch, self.units_keras, *inputs)
        proof.prove(models, self.found.links, self.step)

    def notes(self) -> Iterable[str]:
        """Say what the learner should know of layers that were not used, and of shared weights."""
        pairs = [link.pair for link in self.found.links]
        used = {id(one) for pair in pairs for one in (pair.module, pair.layer)}
        for path, unit in self.units_torch:
            if id(unit) not in used and path not in self.found.followed:
                yield f"Not used, and left as it is: PyTorch layer {path!r}."
        for layer in self.units_keras:
            if id(layer) not in used:
                yield f"Not used, and left as it is: Keras layer {layer.name!r}."
        for framework, names in weights.shared(pairs):
            both = " and ".join(map(repr, names))
            yield f"{both} share a weight in {framework} only: training parts them."
