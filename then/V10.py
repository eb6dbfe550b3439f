"""V10: is TensorBoard's interface interactive? Other questions get other answers."""

import records
import shims

with shims.tensorboard(records.folder()) as server:
    asked = "/data/plugin/scalars/scalars?run={}&tag=loss"
    first, again, other = (server.get(asked.format(run)) for run in ("torch", "torch", "tf"))
    table = server.get(asked.format("torch") + "&format=csv")
shims.answer(
    {
        "another run, another answer": other != first,
        "another form, another answer": table != first,
        "the same question, the same answer": first == again,
    }
)
