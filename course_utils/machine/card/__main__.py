"""Run the experiments, or one of them in this process, and write what they found."""

import argparse
import sys
from pathlib import Path

from course_utils import CourseError
from course_utils.machine.card import running


def main() -> None:
    """Read the command line; `--one` is how the other processes are started."""
    parser = argparse.ArgumentParser(prog="course card", description=__doc__)
    parser.add_argument("--to", type=Path, required=True, help="the JSON file to write")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--one", choices=sorted(running.EXPERIMENTS))
    words = parser.parse_args()
    try:
        if words.one:
            running.run_here(words.one, words.device, words.to)
        else:
            running.run_all(words.to, words.device)
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        sys.exit(2)


main()
