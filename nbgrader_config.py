# What nbgrader needs to know of this course; README.md, "Teach and grade", says how it is used.
import atexit
import os
import tempfile

from course_utils.authoring import exercises

c = get_config()  # noqa: F821  nbgrader's own

# A part of the course is an assignment. `exercises/` stays what `course exercises` makes.
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "release"
c.ClearSolutions.code_stub = {"python": exercises.STUB}
c.ExecutePreprocessor.timeout = 120

# Grading is nobody's own progress.
grading = tempfile.TemporaryDirectory()
atexit.register(grading.cleanup)
os.environ["COURSE_PROGRESS"] = os.path.join(grading.name, "progress.json")
