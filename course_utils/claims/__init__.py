"""The ledger of the article's claims, claims.toml, and the verdicts that measurements earn.

    claims.verdict(
        "B08",
        cases={
            "spirals": claims.Case(right_hidden, right_linear, "measured > control + 0.05"),
            "digits": claims.Case(digits_hidden, digits_linear, "measured > control + 0.05"),
        },
        because="A hidden layer gets more right on both tasks.",
    )

Each case holds what was measured, what it is compared with, and the rule that decides.
"""

from course_utils.claims.cards import below, page, table, verdict
from course_utils.claims.cases import Case, ClaimContradicted, earned, objections
from course_utils.claims.counts import adoption
from course_utils.claims.reading import VERDICTS, article, claim, ledger

__all__ = [
    "VERDICTS",
    "Case",
    "ClaimContradicted",
    "adoption",
    "article",
    "below",
    "claim",
    "earned",
    "ledger",
    "objections",
    "page",
    "table",
    "verdict",
]
