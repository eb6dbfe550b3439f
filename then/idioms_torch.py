"""Twenty everyday idioms of PyTorch in October 2021, ours: which of them run?"""

import tempfile

import numpy as np
import shims

torch = shims.one_torch()
nn, functional = torch.nn, torch.nn.functional
place = tempfile.mkdtemp()
data, target = torch.rand(12, 4), torch.randint(0, 3, (12,))
rows = torch.utils.data.TensorDataset(data, target)


def net():
    """Return a small network."""
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))


def training_loop():
    model = net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for batch, wanted in torch.utils.data.DataLoader(rows, batch_size=4, shuffle=True):
        optimizer.zero_grad()
        functional.cross_entropy(model(batch), wanted).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


def next_of_a_loader():
    iter(torch.utils.data.DataLoader(rows, batch_size=4)).next()


def weights_to_a_file():
    torch.save(net().state_dict(), place + "/weights.pt")
    net().load_state_dict(torch.load(place + "/weights.pt"))


def whole_model_to_a_file():
    torch.save(net(), place + "/model.pt")
    torch.load(place + "/model.pt")(data)


def trace():
    torch.jit.trace(net(), data)(data)


def script():
    torch.jit.script(net())(data)


def step_schedule():
    optimizer = torch.optim.SGD(net().parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)
    optimizer.step()
    schedule.step()


def plateau_schedule_that_tells():
    optimizer = torch.optim.SGD(net().parameters(), lr=0.1)
    torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, verbose=True).step(1.0)


def autocast_and_scaler():
    scaler = torch.cuda.amp.GradScaler(enabled=False)
    with torch.cuda.amp.autocast(enabled=False):
        loss = functional.cross_entropy(net()(data), target)
    scaler.scale(loss).backward()


def tensorboard_writer():
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(place) as writer:
        writer.add_scalar("loss", 1.0, 0)


def variable():
    torch.autograd.Variable(data, requires_grad=True).sum().backward()


def default_tensor_type():
    torch.set_default_tensor_type(torch.FloatTensor)


def solve():
    torch.solve(torch.ones(2, 1), torch.eye(2))


def eigenvalues_of_a_symmetric_matrix():
    torch.symeig(torch.eye(2), eigenvectors=True)


def grid_without_indexing():
    torch.meshgrid(torch.arange(2), torch.arange(3))


def functional_sigmoid():
    functional.sigmoid(data)


def dynamic_quantization():
    torch.quantization.quantize_dynamic(net(), {nn.Linear}, dtype=torch.qint8)(data)


def data_parallel():
    nn.DataParallel(net())(data)


def onnx_file():
    torch.onnx.export(net(), data, place + "/net.onnx")


def array_to_tensor_and_back():
    np.testing.assert_array_equal(torch.from_numpy(data.numpy()).detach().cpu().numpy(), data)


IDIOMS = [
    training_loop,
    next_of_a_loader,
    weights_to_a_file,
    whole_model_to_a_file,
    trace,
    script,
    step_schedule,
    plateau_schedule_that_tells,
    autocast_and_scaler,
    tensorboard_writer,
    variable,
    default_tensor_type,
    solve,
    eigenvalues_of_a_symmetric_matrix,
    grid_without_indexing,
    functional_sigmoid,
    dynamic_quantization,
    data_parallel,
    onnx_file,
    array_to_tensor_and_back,
]
shims.answer({idiom.__name__.replace("_", " "): shims.works(idiom) for idiom in IDIOMS})
