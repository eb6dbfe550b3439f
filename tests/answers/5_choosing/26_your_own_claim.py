# Answers to the project "a claim of your own", right and wrong; the text after `wrong:` is part of
# what the learner must read.

# %% your_own_claim-1 right
def row():
    texts = dict(
        source="A blog on tools, March 2026",
        words="Keras can be shorter and simpler",
        claim="A training can be written in fewer statements with Keras, and with fewer names.",
        control="The same training in PyTorch, by the same hand.",
        otherwise="No training that is shorter with Keras.",
        limit="Two trainings; statements are counted, and not what they cost to read.",
        parts=["shorter", "simpler"],
    )
    return {"evidence": "measured"} | texts


# %% your_own_claim-1 wrong: the row needs 'control'
def row():
    return {
        "source": "A talk, 2026",
        "words": "Compile makes everything faster",
        "claim": "Whatever is compiled takes less time.",
        "evidence": "measured",
        "otherwise": "A function that takes as long.",
        "limit": "Two functions.",
    }


# %% your_own_claim-1 wrong: the claim says more than the words: always
def row():
    return {
        "source": "A talk, 2026",
        "words": "Keras is slower than plain PyTorch",
        "claim": "Keras is always slower than PyTorch.",
        "evidence": "measured",
        "control": "PyTorch's loop, timed against itself.",
        "otherwise": "A training that is not slower.",
        "limit": "Two sizes.",
    }


# %% your_own_claim-1 wrong: the claim says more than the words: without 'often'
def row():
    return {
        "source": "A talk, 2026",
        "words": "Compiling often makes training faster",
        "claim": "A training that is compiled is faster.",
        "evidence": "measured",
        "control": "The training as written.",
        "otherwise": "No training that gains.",
        "limit": "Two sizes.",
    }


# %% your_own_claim-1 wrong: the row has a verdict already
def row():
    return {
        "source": "A talk, 2026",
        "words": "Compile makes everything faster",
        "claim": "Whatever is compiled takes less time.",
        "evidence": "measured",
        "verdict": "false",
        "control": "The function as written.",
        "otherwise": "A function that takes as long.",
        "limit": "Two functions.",
    }


# %% your_own_claim-1 wrong: the row says the same in two of its fields
def row():
    return {
        "source": "A talk, 2026",
        "words": "Compile makes everything faster",
        "claim": "Compiled code is faster.",
        "evidence": "measured",
        "control": "The function as written.",
        "otherwise": "Compiled code is faster.",
        "limit": "Two functions.",
    }


# %% your_own_claim-1 wrong: the row's evidence is 'none'
def row():
    return {
        "source": "A talk, 2026",
        "words": "JAX does not need a framework on top",
        "claim": "A training with JAX needs no other library.",
        "evidence": "none",
        "verdict": "unsettled",
        "otherwise": "A training that cannot be written without one.",
        "limit": "JAX is not here.",
    }


# %% your_own_claim-2 right
def sides(seed):
    def summed_torch(rows):
        return torch.tensor(rows).sum(dim=0)

    def summed_tf(rows):
        return tf.reduce_sum(tf.constant(rows), axis=0)

    found = {}
    for height in (10, 1000):
        rows = numbers(seed + height, height, 3)

        def quicker(rows=rows):
            return summed_torch(rows)

        def slower(rows=rows):
            return summed_tf(rows).numpy().tolist()

        found[f"{height} rows"] = dict(slower=slower, quicker=quicker)
    return found


# %% your_own_claim-2 wrong: 'a sum' computes no numbers, or NaN
def sides(seed):
    drawn = torch.tensor(numbers(seed, 5)) * float("nan")
    pair = {"quicker": lambda: drawn + drawn, "slower": lambda: 2 * drawn}
    return {"a sum": pair, "the same again": dict(pair)}


# %% your_own_claim-2 wrong: sides returns 1 situation, expected two or more
def sides(seed):
    x = tf.constant(numbers(seed, 100, 100))
    return {"a chain": {"quicker": lambda: chain_compiled(x), "slower": lambda: chain(x)}}


# %% your_own_claim-2 wrong: a side of 'a product' is no function
def sides(seed):
    x = torch.tensor(numbers(seed, 100, 100))
    return {
        "a product": {"quicker": product_compiled(x), "slower": product(x)},
        "a sum": {"quicker": x.sum(), "slower": x.sum()},
    }


# %% your_own_claim-2 wrong: computes the same numbers for another seed
def sides(seed):
    x, y = torch.tensor(numbers(0, 100, 100)), tf.constant(numbers(0, 100, 100))
    return {
        "a product": {"quicker": lambda: product_compiled(x), "slower": lambda: product(x)},
        "a chain": {"quicker": lambda: chain_compiled(y), "slower": lambda: chain(y)},
    }


# %% your_own_claim-2 wrong: what the two sides of 'a chain' compute differs
def sides(seed):
    x, y = torch.tensor(numbers(seed, 100, 100)), tf.constant(numbers(seed, 100, 100))
    return {
        "a chain": {"quicker": lambda: chain_compiled(y), "slower": lambda: chain(chain(y))},
        "a product": {"quicker": lambda: product_compiled(x), "slower": lambda: product(x)},
    }


# %% your_own_claim-2 wrong: compares a function with itself
def sides(seed):
    x = torch.tensor(numbers(seed, 100, 100))

    def run():
        return product(x)

    return {"here": {"quicker": run, "slower": run}, "there": {"quicker": run, "slower": run}}


# %% your_own_claim-2 wrong: has the sides ['compiled', 'plain'], expected
def sides(seed):
    x, y = torch.tensor(numbers(seed, 100, 100)), tf.constant(numbers(seed, 100, 100))
    return {
        "a chain": {"compiled": lambda: chain_compiled(y), "plain": lambda: chain(y)},
        "a product": {"compiled": lambda: product_compiled(x), "plain": lambda: product(x)},
    }


# %% your_own_claim-2 wrong: is None
def sides(seed):
    x = tf.constant(numbers(seed, 100, 100))

    def quicker():
        chain_compiled(x)

    def slower():
        chain(x)

    return {name: {"quicker": quicker, "slower": slower} for name in ("once", "again")}


# %% your_own_claim-2 right
def sides(seed):
    """The same data in both frameworks: both situations compute the same numbers, rightly."""
    drawn = numbers(seed, 40, 40)
    in_torch, in_tf = torch.tensor(drawn), tf.constant(drawn)

    def loop_torch():
        return torch.stack([row.sum() for row in in_torch])

    def loop_tf():
        return [tf.reduce_sum(row) for row in in_tf]

    return {
        "rows of PyTorch": {"quicker": lambda: in_torch.sum(1), "slower": loop_torch},
        "rows of TensorFlow": {"quicker": lambda: tf.reduce_sum(in_tf, 1), "slower": loop_tf},
    }


# %% your_own_claim-2 right
def sides(seed):
    """NumPy against a framework; a method of an object, a function with a fixed argument."""
    from functools import partial

    class Model:
        def __init__(self, width):
            self.table = numbers(seed, width, width)
            self.weights = tf.Variable(self.table)

        def plain(self):
            return self.table @ self.table

        def framework(self):
            return tf.matmul(self.weights, self.weights)

    models = {f"{width} wide": Model(width) for width in (5, 90)}
    found = {
        name: {"quicker": model.plain, "slower": model.framework} for name, model in models.items()
    }
    rows = torch.tensor(numbers(seed, 7, 90))
    return found | {
        "sorting": {"quicker": partial(np.sort, rows.numpy()), "slower": lambda: rows.sort()[0]}
    }


# %% your_own_claim-2 right
def sides(seed):
    """One baseline in both situations, and two ways against it."""
    x = tf.constant(numbers(seed, 30, 30))
    traced = tf.function(chain)

    def plain():
        return chain(x)

    return {
        "traced": {"quicker": lambda: traced(x), "slower": plain},
        "compiled": {"quicker": lambda: chain_compiled(x), "slower": plain},
    }


# %% your_own_claim-2 wrong: in a loop write `lambda a=a: ...`
def sides(seed):
    found = {}
    for size in (3, 300):
        a = torch.tensor(numbers(seed, size, size))
        found[f"{size} wide"] = {"quicker": lambda: a @ a, "slower": lambda: a.mm(a) + 0}
    return found


# %% your_own_claim-2 wrong: 'a' and 'b' run the same code on the same values
def sides(seed):
    x = torch.tensor(numbers(seed, 30))
    return {
        "a": {"quicker": lambda: x + x, "slower": lambda: 2 * x},
        "b": {"quicker": lambda: x + x, "slower": lambda: 2 * x},
    }


# %% your_own_claim-2 wrong: no side of any situation uses a framework
def sides(seed):
    x, y = numbers(seed, 30), numbers(seed, 20)
    return {
        "a": {"quicker": lambda: x + x, "slower": lambda: [sorted(range(99)), 2 * x][1]},
        "b": {"quicker": lambda: y + y, "slower": lambda: 2 * y},
    }


# %% your_own_claim-3 right
def trial(quicker, slower, pairs):
    for side in (slower, quicker):
        side()
    none = [
        timing.compare(lambda: [slower(), None][1], lambda: [side(), None][1], pairs=pairs)
        for side in (slower, quicker)
    ]
    control, measured = (np.array(one.first) / np.array(one.second) for one in none)
    enough = f"{pairs - 2} < sum(control * 1.2 < measured)"
    return claims.Case(control=control, measured=measured, rule=enough, printed=False)


# %% your_own_claim-3 wrong: quicker and slower are called 7 and 21 times
def trial(quicker, slower, pairs):
    def run(side):
        return lambda: side() is None or None

    measured = timing.compare(run(slower), run(quicker), pairs).ratios
    control = timing.compare(run(slower), run(slower), pairs).ratios
    rule = f"(measured > 1.2 * control).sum() >= {pairs - 1}"
    return claims.Case(measured, control, rule, printed=False)


# %% your_own_claim-3 wrong: of 7 pairs, measured has shape (7, 3)
def trial(quicker, slower, pairs):
    quicker(), slower()
    measured = timing.compare(slower, quicker, pairs).ratios
    control = timing.compare(slower, slower, pairs).ratios
    rule = f"(measured > 1.2 * control).sum() >= {pairs - 1}"
    return claims.Case(measured, control, rule, printed=False)


# %% your_own_claim-3 wrong: are called 8 and 8 times, expected 8 and 22
def trial(quicker, slower, pairs):
    def run(side):
        return lambda: side() is None or None

    quicker(), slower()
    measured = timing.compare(run(slower), run(quicker), pairs).ratios
    rule = f"(measured > 1.2 * control).sum() >= {pairs - 1}"
    return claims.Case(measured, np.ones(pairs), rule, printed=False)


# %% your_own_claim-3 wrong: the ratios where slower takes three times as long
def trial(quicker, slower, pairs):
    def run(side):
        return lambda: side() is None or None

    quicker(), slower()
    measured = timing.compare(run(quicker), run(slower), pairs).ratios
    control = timing.compare(run(slower), run(slower), pairs).ratios
    rule = f"(measured > 1.2 * control).sum() >= {pairs - 1}"
    return claims.Case(measured, control, rule, printed=False)


# %% your_own_claim-3 wrong: with 6 of 7 pairs beyond nothing, the rule says no
def trial(quicker, slower, pairs):
    def run(side):
        return lambda: side() is None or None

    quicker(), slower()
    measured = timing.compare(run(slower), run(quicker), pairs).ratios
    control = timing.compare(run(slower), run(slower), pairs).ratios
    return claims.Case(measured, control, "(measured > 1.2 * control).all()", printed=False)


# %% your_own_claim-3 wrong: with 5 of 5 pairs beyond nothing, the rule says no
def trial(quicker, slower, pairs):
    def run(side):
        return lambda: side() is None or None

    quicker(), slower()
    measured = timing.compare(run(slower), run(quicker), pairs).ratios
    control = timing.compare(run(slower), run(slower), pairs).ratios
    return claims.Case(measured, control, "(measured > 1.2 * control).sum() >= 6", printed=False)


# %% your_own_claim-3 wrong: for a ratio of 1.5 against 1.3 the rule says yes
def trial(quicker, slower, pairs):
    def run(side):
        return lambda: side() is None or None

    quicker(), slower()
    measured = timing.compare(run(slower), run(quicker), pairs).ratios
    control = timing.compare(run(slower), run(slower), pairs).ratios
    rule = f"(measured > 1.2).sum() >= {pairs - 1} and len(control) > 0"
    return claims.Case(measured, control, rule, printed=False)


# %% your_own_claim-4 right
def judgement(ledger):
    mine, found = row(), {}
    own.add(Path(ledger), "compile_2026", mine)
    for name, pair in sides(11).items():
        found[name] = trial(**pair, pairs=9)
    middles = [f"{np.median(case.measured):.1f}" for case in found.values()]
    said = {
        "alike": """The numbers agree to three digits,
            and both sides begin with one array.""",
        "before": "I have not looked into this yet; somebody should.",
        "fair": "They would ask for a card. I have none.",
        "again": "The whole of it, with four threads.",
    }
    reason = f"The middle ratios of nine pairs were {' and '.join(middles)}."
    own.verdict(str(ledger), "compile_2026", found, answers=said, because=reason)
    return found


# %% your_own_claim-4 right
def judgement(ledger):
    own.add(ledger, "M1", row())
    cases = {name: trial(**pair, pairs=7) for name, pair in sides(0).items()}
    said = {key: f"Nothing more on {key} than above." for key in judging.ASKED}
    held = [name for name, case in cases.items() if case.holds]
    where = f"here: {', '.join(held)}" if held else "in none of the situations"
    own.verdict(ledger, "M1", cases, because=f"It took a fifth longer {where}.", answers=said)
    return cases


# %% your_own_claim-4 wrong: there is no claim 'M1' in theirs.toml
def judgement(ledger):
    cases = {name: trial(**pair, pairs=7) for name, pair in sides(0).items()}
    said = {key: f"Nothing more on {key} than above." for key in judging.ASKED}
    own.verdict(ledger, "M1", cases, because="It was timed in pairs.", answers=said)
    return cases


# %% your_own_claim-4 wrong: judgement changes what stood in the ledger
def judgement(ledger):
    ledger.unlink(missing_ok=True)
    own.add(ledger, "M1", row())
    cases = {name: trial(**pair, pairs=7) for name, pair in sides(0).items()}
    said = {key: f"Nothing more on {key} than above." for key in judging.ASKED}
    own.verdict(ledger, "M1", cases, because="It was timed in pairs.", answers=said)
    return cases


# %% your_own_claim-4 wrong: the card says no to: At least 5 seeds or pairs?
def judgement(ledger):
    own.add(ledger, "M1", row())
    cases = {name: trial(**pair, pairs=3) for name, pair in sides(0).items()}
    said = {key: f"Nothing more on {key} than above." for key in judging.ASKED}
    own.verdict(ledger, "M1", cases, because="It was timed in pairs.", answers=said)
    return cases


# %% your_own_claim-4 wrong: your reason promises more than the cases: never
def judgement(ledger):
    own.add(ledger, "M1", row())
    cases = {name: trial(**pair, pairs=7) for name, pair in sides(0).items()}
    said = {key: f"Nothing more on {key} than above." for key in judging.ASKED}
    own.verdict(ledger, "M1", cases, because="Compiling never hurts.", answers=said)
    return cases


# %% your_own_claim-4 wrong: not answered: What would another machine
def judgement(ledger):
    own.add(ledger, "M1", row())
    cases = {name: trial(**pair, pairs=7) for name, pair in sides(0).items()}
    said = {key: f"Nothing more on {key} than above." for key in ["alike", "before", "fair"]}
    own.verdict(ledger, "M1", cases, because="It was timed in pairs.", answers=said)
    return cases


# %% your_own_claim-4 wrong: judgement shows 0 cards, expected 1
def judgement(ledger):
    own.add(ledger, "M1", row())
    return {name: trial(**pair, pairs=7) for name, pair in sides(0).items()}


# %% your_own_claim-4 wrong: of other sides, expected ['a', 'b']
def judgement(ledger):
    own.add(ledger, "M1", row())
    rule = "(measured > 1.2 * control).sum() >= 6"
    cases = {
        name: claims.Case([9.0] * 7, [1.0] * 7, rule, printed=False)
        for name in ("a product (PyTorch)", "a chain (TensorFlow)")
    }
    said = {key: f"Nothing more on {key} than above." for key in judging.ASKED}
    own.verdict(ledger, "M1", cases, because="It was timed in pairs.", answers=said)
    return cases


# %% your_own_claim-4 wrong: side is called 0 times
def judgement(ledger):
    own.add(ledger, "M1", row())
    rule = "(measured > 1.2 * control).sum() >= 6"
    cases = {name: claims.Case([9.0] * 7, [1.0] * 7, rule, printed=False) for name in sides(0)}
    said = {key: f"Nothing more on {key} than above." for key in judging.ASKED}
    own.verdict(ledger, "M1", cases, because="It was timed in pairs.", answers=said)
    return cases


# %% your_own_claim-4 wrong: the case holds: False
def judgement(ledger):
    own.add(ledger, "M1", row())
    cases = {name: trial(pair["slower"], pair["quicker"], 7) for name, pair in sides(0).items()}
    said = {key: f"Nothing more on {key} than above." for key in judging.ASKED}
    own.verdict(ledger, "M1", cases, because="It was timed in pairs.", answers=said)
    return cases


# %% your_own_claim-4 wrong: what judgement returns is NoneType
def judgement(ledger):
    own.add(ledger, "M1", row())
    cases = {name: trial(**pair, pairs=7) for name, pair in sides(0).items()}
    said = {key: f"Nothing more on {key} than above." for key in judging.ASKED}
    own.verdict(ledger, "M1", cases, because="It was timed in pairs.", answers=said)


# %% your_own_claim-4 wrong: 'Yes.' says too little
def judgement(ledger):
    own.add(ledger, "M1", row())
    cases = {name: trial(**pair, pairs=7) for name, pair in sides(0).items()}
    said = dict.fromkeys(judging.ASKED, "Yes.")
    own.verdict(ledger, "M1", cases, because=f"{len(cases)} were timed here.", answers=said)
    return cases


# %% your_own_claim-4 wrong: stands there twice
def judgement(ledger):
    own.add(ledger, "M1", row())
    cases = {name: trial(**pair, pairs=7) for name, pair in sides(0).items()}
    said = dict.fromkeys(judging.ASKED, "This is as it should be.")
    own.verdict(ledger, "M1", cases, because=f"{len(cases)} were timed here.", answers=said)
    return cases


# %% your_own_claim-4 wrong: 'Hm.' says too little
def judgement(ledger):
    own.add(ledger, "M1", row())
    cases = {name: trial(**pair, pairs=7) for name, pair in sides(0).items()}
    said = {key: f"Nothing more on {key} than above." for key in judging.ASKED}
    own.verdict(ledger, "M1", cases, because="Hm.", answers=said)
    return cases


# %% your_own_claim-4 wrong: your reason is the same whether the sentence holds everywhere or
def judgement(ledger):
    own.add(ledger, "M1", row())
    cases = {name: trial(**pair, pairs=7) for name, pair in sides(0).items()}
    said = {key: f"Nothing more on {key} than above." for key in judging.ASKED}
    reason = "The chain gained from it, and the product did not."
    own.verdict(ledger, "M1", cases, because=reason, answers=said)
    return cases


# %% your_own_claim-4 wrong: where 2 hold
def judgement(ledger):
    own.add(ledger, "M1", row())
    cases = {name: trial(**pair, pairs=7) for name, pair in sides(0).items()}
    said = {key: f"Nothing more on {key} than above." for key in judging.ASKED}
    longer = sum(case.holds for case in list(cases.values())[1:])
    why = f"In {longer} of {len(cases)} situations it took a fifth longer."
    own.verdict(ledger, "M1", cases, because=why, answers=said)
    return cases
