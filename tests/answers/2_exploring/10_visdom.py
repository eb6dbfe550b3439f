# Answers to the tasks of exercise 08, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% visdom-1 right
def draw_live(client, losses):
    client.line(np.array([next(losses).item()]), np.array([0]), win="loss", name="training")
    steps = 1
    for loss in losses:
        value = loss.detach().numpy().reshape(1)
        client.line(value, np.array([steps]), win="loss", name="training", update="append")
        steps += 1
    return steps


# %% visdom-1 wrong: the row of steps on the server has shape (1,), expected (6,)
def draw_live(client, losses):
    for step, loss in enumerate(losses):
        client.line(loss[None], torch.tensor([step]), win="loss", name="training")
    return step + 1


# %% visdom-1 wrong: after each step the server held [0, 0, 0, 0, 0, 0] points
def draw_live(client, losses):
    values = np.array([loss.item() for loss in losses])
    client.line(values, np.arange(len(values)), win="loss", name="training")
    return len(values)


# %% visdom-1 wrong: the curves drawn are ['1 in loss']
def draw_live(client, losses):
    for step, loss in enumerate(losses):
        client.line(loss[None], torch.tensor([step]), win="loss", update="append")
    return step + 1


# %% visdom-1 wrong: the row of steps on the server is [1., 2., 3., 4., 5., 6.]
def draw_live(client, losses):
    for step, loss in enumerate(losses, start=1):
        point = {"win": "loss", "name": "training", "update": "append"}
        client.line(loss[None], torch.tensor([step]), **point)
    return step


# %% visdom-1 wrong: nothing was drawn
def draw_live(client, losses):
    count = 0
    for loss in losses:
        loss.backward()
        count += 1
    return count


# %% visdom-1 wrong: your code stopped at line 3 of the cell, in draw_live
def draw_live(client, losses):
    for step, loss in enumerate(losses):
        client.line(loss, step, win="loss", name="training", update="append")
    return step + 1


# %% visdom-2 right
def draw_confusion(client, logits, target):
    counts = np.zeros((logits.shape[1], logits.shape[1]))
    for row, column in zip(target.numpy(), logits.numpy().argmax(axis=1)):
        counts[row, column] += 1
    client.heatmap(counts, win="confusion", opts={"title": "who is taken for whom"})


# %% visdom-2 wrong: the labels stand in the columns
def draw_confusion(client, logits, target):
    says = tf.argmax(logits, axis=1)
    counts = tf.math.confusion_matrix(says, target, num_classes=3)
    client.heatmap(counts.numpy(), win="confusion")


# %% visdom-2 wrong: your code stopped at line 4 of the cell, in draw_confusion
def draw_confusion(client, logits, target):
    says = tf.argmax(logits, axis=1)
    counts = tf.math.confusion_matrix(target, says, num_classes=3)
    client.heatmap(counts, win="confusion")


# %% visdom-2 wrong: the sum of the heatmap over 10 examples is 2, expected 10
def draw_confusion(client, logits, target):
    counts = tf.math.confusion_matrix(target, tf.argmax(logits, axis=1), num_classes=3).numpy()
    client.heatmap(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), win="confusion")


# %% visdom-2 wrong: the heatmap of 3 classes has shape (2, 2), expected (3, 3)
def draw_confusion(client, logits, target):
    counts = tf.math.confusion_matrix(target, tf.argmax(logits, axis=1))
    client.heatmap(counts.numpy(), win="confusion")


# %% visdom-2 wrong: the windows drawn are ['window_
def draw_confusion(client, logits, target):
    counts = tf.math.confusion_matrix(target, tf.argmax(logits, axis=1), num_classes=3)
    client.heatmap(counts.numpy(), opts={"title": "confusion"})


# %% visdom-2 wrong: the heatmap of 3 classes is
def draw_confusion(client, logits, target):
    counts = tf.math.confusion_matrix(target, tf.argmin(logits, axis=1), num_classes=3)
    client.heatmap(np.array([[0, 1, 3], [4, 2, 0], [0, 0, 0]]), win="confusion")


# %% visdom-2 wrong: the window 'confusion' shows curves, no heatmap
def draw_confusion(client, logits, target):
    counts = tf.math.confusion_matrix(target, tf.argmax(logits, axis=1), num_classes=3)
    client.line(counts.numpy(), win="confusion")


# %% visdom-3 right
def overlay(client, losses_torch, losses_tf):
    first = torch.stack(losses_torch).detach().numpy()
    second = tf.stack(losses_tf).numpy()
    both = np.stack([first, second], axis=1)
    labels = {"legend": ["PyTorch", "TensorFlow"]}
    client.line(both, np.arange(len(both)), win="both", opts=labels)
    return max(abs(first - second))


# %% visdom-3 wrong: the curves drawn are ['TensorFlow in both']
def overlay(client, losses_torch, losses_tf):
    for name, curve in {"PyTorch": losses_torch, "TensorFlow": losses_tf}.items():
        values = np.array([tasks.to_numpy(loss) for loss in curve])
        client.line(values, np.arange(len(values)), win="both", name=name)
    return 2.0


# %% visdom-3 wrong: the curves drawn are ['PyTorch in PyTorch', 'TensorFlow in TensorFlow']
def overlay(client, losses_torch, losses_tf):
    for name, curve in {"PyTorch": losses_torch, "TensorFlow": losses_tf}.items():
        values = np.array([tasks.to_numpy(loss) for loss in curve])
        client.line(values, np.arange(len(values)), win=name, name=name)
    return 2.0


# %% visdom-3 wrong: the distance that overlay returns is
def overlay(client, losses_torch, losses_tf):
    first, second = (np.array([tasks.to_numpy(v) for v in c]) for c in (losses_torch, losses_tf))
    both = np.stack([first, second], axis=1)
    client.line(both, np.arange(len(both)), win="both", opts={"legend": ["PyTorch", "TensorFlow"]})
    return (first - second).max()


# %% visdom-3 wrong: the row of losses of PyTorch
def overlay(client, losses_torch, losses_tf):
    first, second = (np.array([tasks.to_numpy(v) for v in c]) for c in (losses_torch, losses_tf))
    both = np.stack([second, first], axis=1)
    client.line(both, np.arange(len(both)), win="both", opts={"legend": ["PyTorch", "TensorFlow"]})
    return np.abs(first - second).max()


# %% visdom-4 right
def steer(client, settings):
    def heard(event):
        match event:
            case {"event_type": "PropertyUpdate", "propertyId": 0, "value": text}:
                settings.update(rate=float(text))
            case {"event_type": "PropertyUpdate", "propertyId": 1}:
                settings.update(go=False)

    client.register_event_handler(heard, target="settings")
    entries = [
        {"type": "number", "name": "rate", "value": str(settings["rate"])},
        {"type": "button", "name": "training", "value": "stop"},
    ]
    client.properties(entries, win="settings", opts={"title": "settings"})


# %% visdom-4 wrong: 0.5 was entered, and the rate became '0.5'
def steer(client, settings):
    rate = {"type": "number", "name": "rate", "value": settings["rate"]}
    client.properties([rate, {"type": "button", "name": "training", "value": "stop"}], "settings")

    def changed(event):
        if event["event_type"] == "PropertyUpdate" and event["propertyId"] == 0:
            settings["rate"] = event["value"]
        elif event["event_type"] == "PropertyUpdate":
            settings["go"] = False

    client.register_event_handler(changed, "settings")


# %% visdom-4 wrong: a key was pressed, nothing was entered, and the settings became
def steer(client, settings):
    rate = {"type": "number", "name": "rate", "value": settings["rate"]}
    client.properties([rate, {"type": "button", "name": "training", "value": "stop"}], "settings")

    def changed(event):
        if event.get("propertyId") == 0:
            settings["rate"] = float(event["value"])
        else:
            settings["go"] = False

    client.register_event_handler(changed, "settings")


# %% visdom-4 wrong: your code stopped at line 6 of the cell, in changed
def steer(client, settings):
    rate = {"type": "number", "name": "rate", "value": settings["rate"]}
    client.properties([rate, {"type": "button", "name": "training", "value": "stop"}], "settings")

    def changed(event):
        settings["rate"] = float(event["value"])

    client.register_event_handler(changed, "settings")


# %% visdom-4 wrong: 0 callbacks are registered for the window, expected 1
def steer(client, settings):
    rate = {"type": "number", "name": "rate", "value": settings["rate"]}
    client.properties([rate, {"type": "button", "name": "training", "value": "stop"}], "settings")

    def changed(event):
        settings["rate"] = float(event["value"])

    client.register_event_handler(changed, "rate")


# %% visdom-4 wrong: a key was pressed, nothing was entered, and the settings became {'rate': 0.1, 'go': False
def steer(client, settings):
    rate = {"type": "number", "name": "rate", "value": settings["rate"]}
    client.properties([rate, {"type": "button", "name": "training", "value": "stop"}], "settings")

    def changed(event):
        if event["event_type"] == "PropertyUpdate" and event["propertyId"] == 0:
            settings["rate"] = float(event["value"])
        elif event["event_type"] != "KeyPress":
            settings["go"] = False

    client.register_event_handler(changed, "settings")


# %% visdom-4 wrong: the button was pressed, and the training goes on
def steer(client, settings):
    rate = {"type": "number", "name": "rate", "value": settings["rate"]}
    client.properties([rate, {"type": "button", "name": "training", "value": "stop"}], "settings")

    def changed(event):
        if event["event_type"] == "PropertyUpdate" and event["propertyId"] == 0:
            settings["rate"] = float(event["value"])

    client.register_event_handler(changed, "settings")


# %% visdom-4 wrong: the entries are ['number lr', 'button training'], expected ['number rate'
def steer(client, settings):
    rate = {"type": "number", "name": "lr", "value": settings["rate"]}
    client.properties([rate, {"type": "button", "name": "training", "value": "stop"}], "settings")


# %% visdom-4 wrong: the value of the button is 'halt', expected 'stop'
def steer(client, settings):
    rate = {"type": "number", "name": "rate", "value": settings["rate"]}
    client.properties([rate, {"type": "button", "name": "training", "value": "halt"}], "settings")


# %% visdom-4 wrong: there is no window 'settings' with entries
def steer(client, settings):
    client.text("the rate is 0.1", win="settings")


# %% visdom-5 right
def keep(folder, curves):
    board = dashboards.visdom(folder)
    try:
        client = board.client("kept")
        for name in curves:
            client.line(np.array(curves[name]), [*range(len(curves[name]))], win=name)
            client.save(["kept"])
    finally:
        board.stop()


# %% visdom-5 wrong: a later server knows the environments ['main'], not 'kept'
def keep(folder, curves):
    with dashboards.visdom(folder) as board:
        client = board.client("kept")
        for name, curve in curves.items():
            client.line(curve, np.arange(len(curve)), win=name)


# %% visdom-5 wrong: a later server finds the windows ['PyTorch']
def keep(folder, curves):
    with dashboards.visdom(folder) as board:
        client = board.client("kept")
        for n, (name, curve) in enumerate(curves.items()):
            client.line(curve, np.arange(len(curve)), win=name)
            if n == 0:
                client.save(["kept"])


# %% visdom-5 wrong: your server still ran when keep had returned
def keep(folder, curves):
    board = dashboards.visdom(folder)
    client = board.client("kept")
    for name, curve in curves.items():
        client.line(curve, np.arange(len(curve)), win=name)
    client.save(["kept"])


# %% visdom-5 wrong: a later server finds the windows ['curves']
def keep(folder, curves):
    with dashboards.visdom(folder) as board:
        client = board.client("kept")
        for name, curve in curves.items():
            client.line(curve, np.arange(len(curve)), win="curves", name=name, update="append")
        client.save(["kept"])


# %% visdom-5 wrong: the curve in the window PyTorch
def keep(folder, curves):
    with dashboards.visdom(folder) as board:
        client = board.client("kept")
        for name, curve in curves.items():
            client.line(np.cumsum(curve), np.arange(len(curve)), win=name)
        client.save(["kept"])


# %% visdom-5 wrong: the row of steps of the window
def keep(folder, curves):
    with dashboards.visdom(folder) as board:
        client = board.client("kept")
        for name, curve in curves.items():
            client.line(curve, win=name)
        client.save(["kept"])
