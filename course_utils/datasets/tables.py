"""Tables: a clinic's records with planted faults, and card transactions."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


class Clinic(NamedTuple):
    """What a clinic delivered, the patients who came later, and where the faults were planted."""

    delivered: "pd.DataFrame"
    later: "pd.DataFrame"
    planted: "pd.DataFrame"


def clinic(seed: int = 0) -> Clinic:
    """Load scikit-learn's 569 tissue samples, with four faults planted in the part delivered.

    Each row is a sample: ten mean measurements of its cell nuclei, `visits` (how often the patient
    has come since), and `malignant`, 1 or 0. Recipe: 200 rows in random order are set apart as
    `later` and stay sound; nobody of those has come again, so their `visits` are 0. In the rest,
    (1) all but 45 malignant samples are dropped; (2) `visits` is drawn, Poisson(8) where malignant
    and Poisson(1) elsewhere; (3) `radius` is divided by 10 in a share of rows, 0.6 where malignant
    and 0.15 elsewhere; (4) 90 rows, drawn at random, are entered a second time.
    `planted` has a row for each delivered one and says which it is: `other_unit`, `entered_again`.
    Source: W. Wolberg, O. Mangasarian, N. Street and W. Street (1993), Breast Cancer Wisconsin.
    """
    import pandas as pd
    from sklearn.datasets import load_breast_cancer

    generator = np.random.default_rng(seed)
    bundled = load_breast_cancer(as_frame=True)
    table = bundled.data.iloc[:, :10].rename(columns=lambda name: name.removeprefix("mean "))
    table["visits"] = 0
    table["malignant"] = 1 - bundled.target
    table = table.iloc[generator.permutation(len(table))].reset_index(drop=True)
    later, table = table[:200], table[200:].copy()
    table = table.drop(table.index[table.malignant == 1][45:])
    sick = table.malignant == 1
    table["visits"] = generator.poisson(np.where(sick, 8, 1))
    table["other_unit"] = generator.random(len(table)) < np.where(sick, 0.6, 0.15)
    table.loc[table.other_unit, "radius"] /= 10
    table["entered_again"] = False
    again = table.sample(90, random_state=generator).assign(entered_again=True)
    table = pd.concat([table, again]).sample(frac=1, random_state=generator)
    table = table.reset_index(drop=True)
    planted = table[["other_unit", "entered_again"]]
    return Clinic(table.drop(columns=planted.columns), later, planted)


def transactions(n: int = 20_000, later: bool = False, seed: int = 0) -> "pd.DataFrame":
    """Simulate 90 days of card payments, about 1 % fraud; `later` brings a kind not seen before.

    Columns: `day`, 0 to 89, rising, with as many payments each day; `amount` in euros; `minutes`
    since the card's last payment; `distance` in km from the place of that payment; `hour`, 0 to 24;
    `online` and `fraud`, 0 or 1.
    Recipe, where L(m, s) is log-normal with median m: an honest payment has amount L(30, 1), or
    L(2, 0.5) in 12 of 100; minutes L(600, 1), or L(2, 0.7) in 12 of 100; distance L(5, 1); hour
    N(14, 4). 15 of 100 are made on a journey: distance L(600, 0.8), minutes at least distance /
    L(3, 0.3); 40 of 100 are made online. Fraud has two kinds, half and half. A stolen number is
    tried out: online, amount L(2, 0.5), minutes L(2, 0.7). A copied card is emptied far away: in a
    shop, amount L(150, 0.7), distance L(600, 0.8), minutes L(60, 0.8). In `later`, 40 of 100 frauds
    are of neither kind: online at night, hour N(3, 1.5), amount L(60, 0.4).
    """
    import pandas as pd

    generator = np.random.default_rng(seed)

    def draw(median: Any, spread: float) -> np.ndarray:
        return median * np.exp(spread * generator.normal(size=n))

    def share(part: float) -> np.ndarray:
        return generator.random(n) < part

    fraud, kind = share(0.01), generator.random(n)
    journey, online = kind < 0.15, kind > 0.6
    amount = np.where(share(0.12), draw(2, 0.5), draw(30, 1))
    minutes = np.where(share(0.12), draw(2, 0.7), draw(600, 1))
    distance = np.where(journey, draw(600, 0.8), draw(5, 1))
    minutes = np.where(journey, np.maximum(minutes, distance / draw(3, 0.3)), minutes)
    hour = generator.normal(14, 4, n)
    new = fraud & later & (kind % 0.5 < 0.2)
    tried, copied = fraud & (kind < 0.5) & ~new, fraud & (kind >= 0.5) & ~new
    cases = [tried, copied, new]
    return pd.DataFrame(
        {
            "day": np.arange(n) * 90 // n,
            "amount": np.select(cases, [draw(2, 0.5), draw(150, 0.7), draw(60, 0.4)], amount),
            "minutes": np.select(cases[:2], [draw(2, 0.7), draw(60, 0.8)], minutes),
            "distance": np.where(copied, draw(600, 0.8), distance),
            "hour": np.where(new, generator.normal(3, 1.5, n), hour) % 24,
            "online": ((online | tried | new) & ~copied).astype(int),
            "fraud": fraud.astype(int),
        }
    ).round(2)
