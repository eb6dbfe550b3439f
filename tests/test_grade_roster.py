"""A roster as spreadsheets write it, and folders as students name them."""

import datetime
import os
import unicodedata

import pytest

from course_utils import CourseError
from course_utils.grading import roster

ROWS = "id,name,email,due\nada,Ada,a@example.org,\nbob,Bob,b@example.org,2027-02-01\n"


def read(folder, content, folders=()):
    path = folder / "class.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    submitted = folder / "submitted"
    submitted.mkdir()
    for name in folders:
        (submitted / name).mkdir()
    return roster.read(path, submitted)


@pytest.mark.parametrize(
    "content",
    [
        ROWS,
        ROWS.replace(",", ";"),
        ROWS.replace(",", "\t"),
        ROWS.replace("\n", "\r\n"),
        b"\xef\xbb\xbf" + ROWS.encode(),
        ROWS.replace("id,name", " ID ,Name"),
        ROWS + ",,,\n\n",
        ROWS + "ada,Ada,a@example.org,\n",
        ROWS.replace("ada,", '" ada ",'),
    ],
)
def test_a_roster_is_read_however_a_spreadsheet_wrote_it(content, tmp_path):
    found, strangers = read(tmp_path, content)
    assert [(one.id, one.name) for one in found] == [("ada", "Ada"), ("bob", "Bob")]
    assert found[1].due == datetime.datetime(2027, 2, 1, 23, 59, 59, 999999, datetime.UTC)
    assert strangers == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no column 'id'; its first line is ''"),
        ("student,name\nada,Ada\n", "no column 'id'; its first line is 'student,name'"),
        (ROWS.encode("utf-16"), "is not in UTF-8: save it as CSV UTF-8"),
        ("id,name\nada,Ada Löve\n".encode("latin-1"), "is not in UTF-8"),
        (ROWS + "ada,Eve,,\n", "two rows for 'ada', and they differ"),
        (ROWS + ",Eve,,\n", "'' in its column 'id' is no student's folder"),
        (ROWS + "../eve,Eve,,\n", "is no student's folder"),
        (ROWS + "eve,Eve,,tomorrow\n", "the due day of eve, 'tomorrow', is no moment"),
    ],
)
def test_what_is_no_roster_is_one_line(content, said, tmp_path):
    with pytest.raises(CourseError, match=said) as refused:
        read(tmp_path, content)
    assert "\n" not in str(refused.value)


def test_folders_of_nobody_are_told_and_accents_are_compared(tmp_path):
    composed = unicodedata.normalize("NFC", "josé")
    apart = unicodedata.normalize("NFD", composed)
    found, strangers = read(tmp_path, f"id,name\n{composed},José\n", [apart, "eve", ".git"])
    assert [(one.id, one.name) for one in found] == [(apart, "José"), ("eve", "")]
    assert strangers == ["eve"]


def test_a_timestamp_that_is_none_is_no_end(tmp_path):
    assert roster.handed_in(tmp_path) is None
    os.mkfifo(tmp_path / "timestamp.txt")
    assert roster.handed_in(tmp_path) is None


def test_a_day_is_over_at_its_end():
    day = roster.moment("2027-01-31", "--due")
    assert day > roster.moment("2027-01-31T23:59", "")
    assert day < roster.moment("2027-02-01 00:00:00.000000 UTC", "")
    assert roster.moment("2027-01-31T12:00+02:00", "") == roster.moment("2027-01-31T10:00", "")
