"""G14: are TensorFlow's models used without the code that made them?"""

import shims
from shipped import answers_alone, files

found = files()
shims.answer(
    {
        "a SavedModel answers where the class is unknown": answers_alone(*found["SavedModel"]),
        "its weights alone do not": not answers_alone(*found["weights alone"]),
    }
)
