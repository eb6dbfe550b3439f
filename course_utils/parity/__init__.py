"""Carry weights from one framework to the other and prove it; train alike; measure the gap.

The way of a copy, a module each:

1. `kinds`: which layers hold weights, and which are twins; `raw`: weights of any other layer
   are carried by their shapes at once, and stand or fall with the proof;
2. `batches`: draw a small batch, and lay it out for both models;
3. `runs`, `watch`: run both, with the same numbers in the place of what leaves each layer;
4. `match`: twins are those that the same numbers enter, in whatever order of features
   (`layouts`); what fits in two layouts is said;
5. `weights`: write the weights, in that order;
6. `proof`, `places`: compare each layer and both answers (`answers`: which belong together, and
   how they are laid out), wide numbers first, then as they are;
7. `causes`: name the first place that parts, and a cause that was tested; `copying` puts all back.
"""

from course_utils.parity.copying import copy_weights
from course_utils.parity.training import adam_like_keras, gap, sgd_like_keras

__all__ = ["adam_like_keras", "copy_weights", "gap", "sgd_like_keras"]
