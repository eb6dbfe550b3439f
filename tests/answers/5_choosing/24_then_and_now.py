# Answers to the tasks of exercise 24, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% then_and_now-1 right
def judged(then, now):
    common = [name for name in then if name in now]
    fair = [name for name in common if False not in then[name].values()]
    still = [name for name in fair if False not in now[name].values()]
    return {
        "fair, and holds": sorted(still),
        "outdated": sorted(set(fair) - set(still)),
        "not fair": sorted(set(common) - set(fair)),
    }


# %% then_and_now-1 wrong: a claim that did not hold then and holds now is in ['fair, and holds']
def judged(then, now):
    lists = {"fair, and holds": [], "outdated": [], "not fair": []}
    for name in sorted(then.keys() & now.keys()):
        held, holds = all(then[name].values()), all(now[name].values())
        lists["fair, and holds" if holds else "outdated" if held else "not fair"].append(name)
    return lists


# %% then_and_now-1 wrong: a claim that held then and does not now is in ['fair, and holds']
def judged(then, now):
    lists = {"fair, and holds": [], "outdated": [], "not fair": []}
    for name in sorted(then.keys() & now.keys()):
        held, holds = any(then[name].values()), any(now[name].values())
        word = "not fair" if not held else "fair, and holds" if holds else "outdated"
        lists[word].append(name)
    return lists


# %% then_and_now-1 wrong: a claim that holds in both years, and was asked by other names now
def judged(then, now):
    lists = {"fair, and holds": [], "outdated": [], "not fair": []}
    for name in sorted(then.keys() & now.keys()):
        held = all(then[name].values())
        holds = all(now[name].get(asked, False) for asked in then[name])
        word = "not fair" if not held else "fair, and holds" if holds else "outdated"
        lists[word].append(name)
    return lists


# %% then_and_now-1 wrong: a claim that stands in one table only is in a list
def judged(then, now):
    lists = {"fair, and holds": [], "outdated": [], "not fair": []}
    for name in sorted(then.keys() | now.keys()):
        held = all(then.get(name, {"": False}).values())
        holds = all(now.get(name, {"": False}).values())
        word = "not fair" if not held else "fair, and holds" if holds else "outdated"
        lists[word].append(name)
    return lists


# %% then_and_now-1 wrong: is not sorted
def judged(then, now):
    lists = {"fair, and holds": [], "outdated": [], "not fair": []}
    for name in then:
        if name in now:
            held, holds = all(then[name].values()), all(now[name].values())
            word = "not fair" if not held else "fair, and holds" if holds else "outdated"
            lists[word].append(name)
    return lists


# %% then_and_now-1 wrong: judged changes the tables it was given
def judged(then, now):
    lists = {"fair, and holds": [], "outdated": [], "not fair": []}
    for name in sorted(then.keys() & now.keys()):
        held, holds = all(then.pop(name).values()), all(now[name].values())
        word = "not fair" if not held else "fair, and holds" if holds else "outdated"
        lists[word].append(name)
    return lists


# %% then_and_now-2 right
def spread_of_pairs(then, now):
    count = min(len(then), len(now))
    ratios = np.array(now[:count]) / np.array(then[:count])
    return np.quantile(ratios, [0, 0.5, 1])


# %% then_and_now-2 wrong: the spread of the pairs 2 → 3, 4 → 4, 8 → 32
def spread_of_pairs(then, now):
    ratios = [old / new for old, new in zip(then, now)]
    return min(ratios), np.median(ratios), max(ratios)


# %% then_and_now-2 wrong: the spread of four pairs, drifting apart
def spread_of_pairs(then, now):
    ratios = sorted(new / old for old, new in zip(then, now))
    return ratios[0], ratios[len(ratios) // 2], ratios[-1]


# %% then_and_now-2 wrong: with a run of now too many
def spread_of_pairs(then, now):
    count = max(len(then), len(now))
    ratios = np.resize(now, count) / np.resize(then, count)
    return ratios.min(), np.median(ratios), ratios.max()


# %% then_and_now-2 wrong: your code stopped at
def spread_of_pairs(then, now):
    ratios = np.array(now) / np.array(then)
    return ratios.min(), np.median(ratios), ratios.max()


# %% then_and_now-2 wrong: expected three numbers
def spread_of_pairs(then, now):
    return np.median([new / old for old, new in zip(then, now)])


# %% then_and_now-2 wrong: spread_of_pairs changes the lists it was given
def spread_of_pairs(then, now):
    ratios = [new / old for old, new in zip(then, now)]
    then.sort()
    return min(ratios), np.median(ratios), max(ratios)


# %% then_and_now-2 wrong: changes the lists it was given: one run too many is gone
def spread_of_pairs(then, now):
    pairs = min(len(then), len(now))
    del then[pairs:], now[pairs:]
    ratios = np.divide(now, then)
    return ratios.min(), np.median(ratios), ratios.max()


# %% then_and_now-3 right
def open_then_torch(path, network):
    network.train(False)
    content = torch.load(path, weights_only=False, map_location="cpu")
    weights = content if isinstance(content, dict) else dict(content.state_dict())
    network.load_state_dict(weights, strict=True)
    return network


# %% then_and_now-3 right
def open_then_torch(path, network):
    content = torch.load(path, weights_only=False)
    weights = content.state_dict() if isinstance(content, nn.Module) else content
    assert set(weights) == set(network.state_dict()), "the file lacks a weight"
    network.load_state_dict(weights)
    return network.eval()


# %% then_and_now-3 wrong: your code stopped at
def open_then_torch(path, network):
    network.load_state_dict(torch.load(path))
    return network.eval()


# %% then_and_now-3 wrong: for a file with a whole module, another network comes back than was given
def open_then_torch(path, network):
    content = torch.load(path, weights_only=False)
    if isinstance(content, nn.Module):
        return content.eval()
    network.load_state_dict(content)
    return network.eval()


# %% then_and_now-3 wrong: the network answers the same data differently a second time
def open_then_torch(path, network):
    content = torch.load(path, weights_only=False)
    network.load_state_dict(content.state_dict() if isinstance(content, nn.Module) else content)
    return network


# %% then_and_now-3 wrong: a file without the weight 3.bias is opened without an error
def open_then_torch(path, network):
    content = torch.load(path, weights_only=False)
    weights = content.state_dict() if isinstance(content, nn.Module) else content
    network.load_state_dict(weights, strict=False)
    return network.eval()


# %% then_and_now-3 wrong: a file without the weight 3.bias, a whole module is opened without an error
def open_then_torch(path, network):
    content = torch.load(path, weights_only=False)
    if isinstance(content, nn.Module):
        network.load_state_dict(content.state_dict(), strict=False)
    else:
        network.load_state_dict(content)
    return network.eval()


# %% then_and_now-3 wrong: the answers of the network from a file with weights
def open_then_torch(path, network):
    content = torch.load(path, weights_only=False)
    weights = content.state_dict() if isinstance(content, nn.Module) else content
    own = dict(network.named_parameters())
    for name in own:
        own[name].data = weights[name]
    return network.eval()


# %% then_and_now-3 wrong: what comes back for a file with weights is NoneType
def open_then_torch(path, network):
    content = torch.load(path, weights_only=False)
    network.load_state_dict(content.state_dict() if isinstance(content, nn.Module) else content)
    network.eval()


# %% then_and_now-4 right
def sgd_then_tf(lr, decay):
    class Then(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return lr / (1 + decay * tf.cast(step, "float32"))

    return keras.optimizers.SGD(learning_rate=Then())


# %% then_and_now-4 wrong: a weight after step 1
def sgd_then_tf(lr, decay):
    return keras.optimizers.SGD(lr)


# %% then_and_now-4 wrong: a weight after step 0
def sgd_then_tf(lr, decay):
    return keras.optimizers.SGD(lr, weight_decay=decay)


# %% then_and_now-4 wrong: for lr=0.5 and decay=0.3, a weight after step 0
def sgd_then_tf(lr, decay):
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=1, decay_rate=decay)
    return keras.optimizers.SGD(schedule)


# %% then_and_now-4 wrong: what sgd_then_tf returns is
def sgd_then_tf(lr, decay):
    return lambda step: lr / (1 + decay * step)
