"""Whose the course is and what it uses of others: the files that say so agree with the rest."""

import re
import tomllib

import yaml

from course_utils import ROOT, claims

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_list_of_others_names_every_npm_package_at_its_version():
    text = (ROOT / "LICENSE-OTHERS.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| ([a-z.0-9-]+) (\d[\d.]*) \| [A-Z]", text, re.MULTILINE))
    lists = [ROOT / "course_utils/dashboards/web_files.toml"]
    lists += [ROOT / "course_utils/teaching/reveal.toml"]
    packages = [
        package
        for path in lists
        for package in tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    ]
    assert listed == {package["name"]: package["version"] for package in packages}


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
