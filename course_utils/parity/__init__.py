"""Carry weights from one framework to the other and prove it; train alike; measure the gap."""

from course_utils.parity.copying import copy_weights
from course_utils.parity.training import adam_like_keras, gap, sgd_like_keras

__all__ = ["adam_like_keras", "copy_weights", "gap", "sgd_like_keras"]
