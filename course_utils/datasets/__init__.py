"""The course's data as NumPy arrays: bundled sets, and generators with documented recipes."""

from course_utils.datasets.driving import (
    ROAD_HALF_WIDTH,
    Road,
    road,
    road_cars,
    road_errors,
    road_pictures,
)
from course_utils.datasets.language import (
    CORRECTIONS,
    INTENTS,
    Expressions,
    Utterances,
    expression_value,
    nested_expressions,
    utterances,
)
from course_utils.datasets.points import Split, digits, framed_digits, mislabel, spirals
from course_utils.datasets.speech import (
    COMMANDS,
    RATE,
    VOICES,
    WHISPERS,
    Speech,
    spoken_commands,
)
from course_utils.datasets.tables import Clinic, clinic, transactions

__all__ = [
    "COMMANDS",
    "CORRECTIONS",
    "INTENTS",
    "RATE",
    "ROAD_HALF_WIDTH",
    "VOICES",
    "WHISPERS",
    "Clinic",
    "Expressions",
    "Road",
    "Speech",
    "Split",
    "Utterances",
    "clinic",
    "digits",
    "expression_value",
    "framed_digits",
    "mislabel",
    "nested_expressions",
    "road",
    "road_cars",
    "road_errors",
    "road_pictures",
    "spirals",
    "spoken_commands",
    "transactions",
    "utterances",
]
