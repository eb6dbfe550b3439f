"""Whose the course is and what it uses of others: the files that say so agree with the rest."""

import re
import tomllib

import pytest
import yaml
from sklearn.datasets import load_breast_cancer, load_digits

from course_utils import ROOT, claims

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_list_of_others_names_every_npm_package_at_its_version():
    text = (ROOT / "LICENSE-OTHERS.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| ([a-z.0-9-]+) (\d[\d.]*) \| [A-Z]", text, re.MULTILINE))
    lists = [ROOT / "course_utils/dashboards/web_files.toml"]
    lists += [ROOT / "course_utils/teaching/reveal.toml", ROOT / "tests/axe.toml"]
    packages = [
        package
        for path in lists
        for package in tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    ]
    assert listed == {package["name"]: package["version"] for package in packages}


@pytest.mark.parametrize(
    ("load", "makers", "year"),
    [
        (load_digits, ["Alpaydin"], "1998"),
        (load_breast_cancer, ["Wolberg", "Street", "Mangasarian"], "1995"),
    ],
)
def test_the_makers_of_the_data_are_those_that_its_description_names(load, makers, year):
    text = (ROOT / "LICENSE-OTHERS.md").read_text(encoding="utf-8")
    (row,) = [line for line in text.splitlines() if line.startswith("|") and makers[0] in line]
    described = load().DESCR
    created = re.search(r":Creator: (.*)", described)[1]
    assert [name for name in makers if name not in created or name not in row] == []
    assert year in row
    assert year in re.search(r":Date: (.*)", described)[1]
    # The day it says something of a licence, the list can say more.
    assert "licen" not in described.lower()


def test_the_citation_names_this_version_both_licences_and_the_article():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert " AND ".join(citation["license"]) == PROJECT["license"]
    (article,) = citation["references"]
    (author,) = article["authors"]
    day = article["date-published"]
    said = f"{author['given-names']} {author['family-names']}, “{article['title']}”, "
    assert claims.article() == said + f"{day.day} {day:%B %Y}"


def test_the_licences_are_the_full_texts():
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in PROJECT["license-files"]}
    assert "THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS" in texts["LICENSE"]
    sections = re.findall(r"^Section (\d) --", texts["LICENSE-CC-BY-4.0"], re.MULTILINE)
    assert sections == list("12345678")
