# Answers to the tasks of self_driving, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% self_driving-1 right
def expert(offset, turn, bend):
    steering = bend * 2.5 - (offset + 4 * turn) / 5
    return np.minimum(np.maximum(steering, -0.5), 0.5)


# %% self_driving-1 wrong: the steering 2 m beside the middle, in a bend of 0.3
def expert(offset, turn, bend):
    ahead = np.clip(2.5 * bend, -0.5, 0.5)
    return np.clip(ahead - 0.2 * offset - 0.8 * turn, -0.5, 0.5)


# %% self_driving-1 wrong: the steering for the bends -0.1, 0.05, 0.1
def expert(offset, turn, bend):
    return np.clip(-0.2 * offset - 0.8 * turn, -0.5, 0.5)


# %% self_driving-1 wrong: the steering for offsets -0.1, 0.05, 0.1
def expert(offset, turn, bend):
    return np.clip(2.5 * bend + 0.2 * offset - 0.8 * turn, -0.5, 0.5)


# %% self_driving-1 wrong: the steering for turns of -0.1, 0.05, 0.1
def expert(offset, turn, bend):
    return np.clip(2.5 * bend - 0.2 * offset - 0.2 * turn, -0.5, 0.5)


# %% self_driving-1 wrong: the steering of a car 9 m beside the middle
def expert(offset, turn, bend):
    return 2.5 * bend - 0.2 * offset - 0.8 * turn


# %% self_driving-1 wrong: the steering of a car 9 m beside the middle is [-0.25
def expert(offset, turn, bend):
    return 2.5 * bend - np.clip(0.2 * offset + 0.8 * turn, -0.5, 0.5)


# %% self_driving-1 wrong: your code changes the arrays
def expert(offset, turn, bend):
    bend *= 2.5
    bend -= 0.2 * offset + 0.8 * turn
    return np.clip(bend, -0.5, 0.5)


# %% self_driving-2 right
def driver_torch(model):
    def steer(pictures):
        model.train(False)
        answer = model(torch.as_tensor(pictures).unsqueeze(1))
        return answer.detach().squeeze(1).numpy()

    return steer


# %% self_driving-2 wrong: is not a function that one can give pictures
def driver_torch(model):
    model.eval()
    return np.zeros(6)


# %% self_driving-2 wrong: the driver answers the same pictures differently
def driver_torch(model):
    return lambda pictures: model(torch.from_numpy(pictures)[:, None])[:, 0].detach().numpy()


# %% self_driving-2 wrong: has shape (6, 1), expected (6,)
def driver_torch(model):
    model.eval()
    return lambda pictures: model(torch.from_numpy(pictures)[:, None]).detach().numpy()


# %% self_driving-2 wrong: the driver's answer is torch.Tensor, expected numpy.ndarray
def driver_torch(model):
    model.eval()
    return lambda pictures: model(torch.from_numpy(pictures)[:, None])[:, 0]


# %% self_driving-2 wrong: your code stopped at
def driver_torch(model):
    model.eval()
    return lambda pictures: model(torch.from_numpy(pictures)[..., None])[:, 0].detach().numpy()


# %% self_driving-3 right
def loss_tf(model, pictures, steering):
    answer = model(tf.expand_dims(pictures, -1))
    return tf.reduce_mean(tf.square(answer - steering[:, None]))


# %% self_driving-3 wrong: 7 × 7 differences
def loss_tf(model, pictures, steering):
    return tf.reduce_mean((model(pictures[..., None]) - steering) ** 2)


# %% self_driving-3 wrong: the loss of 7 pictures has shape (7,), expected ()
def loss_tf(model, pictures, steering):
    return (model(pictures[..., None])[:, 0] - steering) ** 2


# %% self_driving-3 wrong: the loss of 7 pictures is 5.4111, expected 0.77301
def loss_tf(model, pictures, steering):
    return tf.reduce_sum((model(pictures[..., None])[:, 0] - steering) ** 2)


# %% self_driving-3 wrong: no gradient leads from the loss to the network's weights
def loss_tf(model, pictures, steering):
    return np.mean((model(pictures[..., None]).numpy()[:, 0] - steering) ** 2)


# %% self_driving-3 wrong: expected axis -1 of input shape to have value 1, but received
def loss_tf(model, pictures, steering):
    return tf.reduce_mean((model(pictures[:, None])[:, 0] - steering) ** 2)


# %% self_driving-4 right
def recoveries(road, count, generator):
    places = (generator.random(count) * len(road.points)).astype(int)
    chance = 2 * generator.random((2, count)) - 1
    cars = datasets.road_cars(road, places, 1.5 * chance[0], 0.3 * chance[1])
    return cars, expert(*datasets.road_errors(road, cars))


# %% self_driving-4 wrong: recoveries does not return a pair
def recoveries(road, count, generator):
    places = generator.integers(0, len(road.points), count)
    offsets, turns = generator.uniform(-1.5, 1.5, count), generator.uniform(-0.3, 0.3, count)
    return datasets.road_cars(road, places, offsets, turns)


# %% self_driving-4 wrong: the cars' offsets, in metres, are not even on -1.5 to 1.5
def recoveries(road, count, generator):
    places = generator.integers(0, len(road.points), count)
    offsets, turns = generator.uniform(0, 1.5, count), generator.uniform(-0.3, 0.3, count)
    cars = datasets.road_cars(road, places, offsets, turns)
    return cars, expert(*datasets.road_errors(road, cars))


# %% self_driving-4 wrong: the cars' offsets, in metres, reach 4.93, expected at most 1.5
def recoveries(road, count, generator):
    places = generator.integers(0, len(road.points), count)
    offsets, turns = 1.5 * generator.normal(size=count), generator.uniform(-0.3, 0.3, count)
    cars = datasets.road_cars(road, places, offsets, turns)
    return cars, expert(*datasets.road_errors(road, cars))


# %% self_driving-4 wrong: the cars' turns, in radians, are not even on -0.3 to 0.3
def recoveries(road, count, generator):
    places = generator.integers(0, len(road.points), count)
    cars = datasets.road_cars(road, places, generator.uniform(-1.5, 1.5, count), 0.0)
    return cars, expert(*datasets.road_errors(road, cars))


# %% self_driving-4 wrong: the cars do not stand all around the road
def recoveries(road, count, generator):
    places = np.full(count, generator.integers(0, len(road.points)))
    offsets, turns = generator.uniform(-1.5, 1.5, count), generator.uniform(-0.3, 0.3, count)
    cars = datasets.road_cars(road, places, offsets, turns)
    return cars, expert(*datasets.road_errors(road, cars))


# %% self_driving-4 wrong: the steering, compared with the expert's where each car is, is
def recoveries(road, count, generator):
    places = generator.integers(0, len(road.points), count)
    offsets, turns = generator.uniform(-1.5, 1.5, count), generator.uniform(-0.3, 0.3, count)
    middle = datasets.road_cars(road, places, 0.0, 0.0)
    cars = datasets.road_cars(road, places, offsets, turns)
    return cars, expert(*datasets.road_errors(road, middle))


# %% self_driving-4 wrong: another generator gives the same cars
def recoveries(road, count, generator):
    generator = np.random.default_rng(0)
    places = generator.integers(0, len(road.points), count)
    offsets, turns = generator.uniform(-1.5, 1.5, count), generator.uniform(-0.3, 0.3, count)
    cars = datasets.road_cars(road, places, offsets, turns)
    return cars, expert(*datasets.road_errors(road, cars))


# %% self_driving-4 right
def recoveries(road, count, generator):
    cars = np.empty((count, 3))
    for number in range(count):
        place = generator.choice(len(road.points), 1)
        turn, offset = generator.random(2) * (0.6, 3) - (0.3, 1.5)
        cars[number] = datasets.road_cars(road, place, offset, turn)[0]
    return [cars, expert(*datasets.road_errors(road, cars))]


# %% self_driving-4 wrong: another generator gives the same places
def recoveries(road, count, generator):
    places = np.linspace(0, len(road.points) - 1, count).astype(int)
    errors = (generator.uniform(-most, most, count) for most in (1.5, 0.3))
    cars = datasets.road_cars(road, places, *errors)
    return cars, expert(*datasets.road_errors(road, cars))


# %% self_driving-4 wrong: another generator gives the same offsets
def recoveries(road, count, generator):
    places = generator.integers(0, len(road.points), count)
    turns = generator.uniform(-0.3, 0.3, count)
    cars = datasets.road_cars(road, places, np.linspace(-1.5, 1.5, count), turns)
    return cars, expert(*datasets.road_errors(road, cars))


# %% self_driving-4 wrong: another generator gives the same turns
def recoveries(road, count, generator):
    places = generator.integers(0, len(road.points), count)
    offsets = generator.uniform(-1.5, 1.5, count)
    cars = datasets.road_cars(road, places, offsets, np.linspace(-0.3, 0.3, count))
    return cars, expert(*datasets.road_errors(road, cars))


# %% self_driving-5 right
def better(offsets):
    ranked = []
    for name, values in offsets.items():
        off = np.abs(values) > 2
        distance = np.ma.masked_array(np.abs(values), off).mean()
        ranked.append((off[-1].sum(), distance, name))
    return min(ranked)[2]


# %% self_driving-5 wrong: 0.5 m all the time is preferred to 0.45 m on the average
def better(offsets):
    def key(name):
        distance = np.abs(offsets[name])
        on_road = distance <= 2
        return on_road[-1].sum(), -((distance[on_road] ** 2).mean())

    return max(offsets, key=key)


# %% self_driving-5 wrong: each car counts alike in the mean, not each moment on the road
def better(offsets):
    def key(name):
        distance = np.abs(offsets[name])
        on_road = distance <= 2
        means = [car[on].mean() for car, on in zip(distance.T, on_road.T) if on.any()]
        return on_road[-1].sum(), -np.mean(means)

    return max(offsets, key=key)


# %% self_driving-5 wrong: a driver that loses 3 of 4 cars is preferred to one that loses none
def better(offsets):
    distances = {name: np.abs(values) for name, values in offsets.items()}
    return min(distances, key=lambda name: distances[name][distances[name] < 2].mean())


# %% self_driving-5 wrong: not a driver's name
def better(offsets):
    return max((np.abs(values[-1]) < 2).sum() for values in offsets.values())


# %% self_driving-5 wrong: 0.5 m to the right is preferred to 0.3 m to the left
def better(offsets):
    return max(offsets, key=lambda name: (np.abs(offsets[name][-1]) < 2).sum())


# %% self_driving-5 wrong: swinging by 1 m to both sides is preferred to 0.3 m
def better(offsets):
    def score(name):
        values = offsets[name]
        on_road = np.abs(values) < 2
        return on_road[-1].sum(), -abs(values[on_road].mean())

    return max(offsets, key=score)


# %% self_driving-5 wrong: the one that is nearer to the middle while on the road
def better(offsets):
    def score(name):
        distance = np.abs(offsets[name])
        return (distance[-1] < 2).sum(), -distance.mean()

    return max(offsets, key=score)


# %% self_driving-5 wrong: moments off the road count as moments in the middle
def better(offsets):
    def score(name):
        distance = np.abs(offsets[name])
        on_road = distance < 2
        return on_road[-1].sum(), -(distance * on_road).mean()

    return max(offsets, key=score)


# %% self_driving-5 wrong: better returns <
class Anything:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


def better(offsets):
    return Anything()


# %% self_driving-5 wrong: better changes the dict that it is given
def better(offsets):
    def score(name):
        distance = np.abs(offsets[name])
        return (distance[-1] <= 2).sum(), -distance[distance <= 2].mean()

    best = max(offsets, key=score)
    return [best, offsets.pop(best)][0]


# %% self_driving-5 wrong: of two drivers that lose one car each, the one that is nearer
def better(offsets):
    def score(name):
        distance = np.abs(offsets[name])
        on_road = distance <= 2
        return on_road.sum(), -distance[on_road].mean()

    return max(offsets, key=score)


# %% self_driving-5 wrong: a car 2.5 m to the right counts as on the road
def better(offsets):
    def score(name):
        on_road = offsets[name] <= 2
        return on_road[-1].sum(), -np.abs(offsets[name])[on_road].mean()

    return max(offsets, key=score)


# %% self_driving-5 wrong: of three drivers with [3, 3, 3] cars on the road at the end
def better(offsets):
    def score(name):
        distance = np.abs(offsets[name])
        stays = distance[-1] <= 2
        return stays.sum(), -distance[:, stays].mean() if stays.any() else -2

    return max(offsets, key=score)
