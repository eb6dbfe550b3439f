"""PyTorch on a card: where tensors go, what is refused, and who holds how much memory."""

import gc
import platform

from course_utils.machine.card.measures import Found, answer, at_once, scaled

START = "import json, os, sys, torch\n"
TRAIN = """
layer = torch.nn.Linear(3, 1)
before = layer.weight.clone()
layer(torch.ones(2, 3)).square().mean().backward()
torch.optim.SGD(layer.parameters(), 0.1).step()
found = {"cards": torch.cuda.device_count(), "trained": not torch.equal(before, layer.weight)}
try:
    found["a tensor is on"] = str(torch.ones(1, device=sys.argv[1]).device)
except Exception as error:
    found["a tensor is on"] = type(error).__name__
print(json.dumps(found))
"""
HIDE = "os.environ['CUDA_VISIBLE_DEVICES'] = ''\n"
LOOK = "torch.cuda.is_available()\n"
FORK = """
child = os.fork()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def about(device: str) -> Found:
    """Say what PyTorch is and what it sees."""
    import torch

    found = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "threads": torch.get_num_threads(),
        "cards": torch.cuda.device_count(),
    }
    if device == "cuda" and found["cards"]:
        card = torch.cuda.get_device_properties(0)
        found |= {
            "card": card.name,
            "gigabytes": round(card.total_memory / 1e9, 1),
            "multiprocessors": card.multi_processor_count,
            "capability": f"{card.major}.{card.minor}",
        }
    return found


def placement(device: str) -> Found:
    """Ask where tensors are that nobody placed, and what happens to operands that are apart."""
    import torch

    there, here = torch.ones(4, 4, device=device), torch.ones(4, 4)
    layer = torch.nn.Linear(4, 2, device=device)
    found = {
        "unplaced": str(torch.ones(3).device),
        "product of two there": str((there @ there).device),
        "operands apart": answer(lambda: (there + here).device),
        "operands apart, the other way round": answer(lambda: (here + there).device),
        "a layer there, its data here": answer(lambda: layer(here).device),
        "a single number here": answer(lambda: (there + torch.tensor(1.0)).device),
        "an index here": answer(lambda: there[torch.tensor([0, 1])].device),
        "an index there, the data here": answer(
            lambda: here[torch.tensor([0, 1], device=device)].device
        ),
        "as a NumPy array": answer(lambda: type(there.numpy()).__name__),
        "sent where it is already: the same tensor": there.to(there.device) is there,
    }
    with torch.device(device):
        found["unplaced, inside `with torch.device`"] = str(torch.ones(3).device)
    return found


def missing(device: str) -> Found:
    """Ask for devices that are not there, and then for one that is."""
    import torch

    wishes = ("cuda:9", "cuda:99", "toaster", device)
    return {name: answer(lambda name=name: torch.ones(2, device=name).device) for name in wishes}


def hiding(device: str) -> Found:
    """Train with cards hidden and not; hide them after the import, and after a first look; fork."""
    return at_once(
        {
            "nothing hidden": (START + TRAIN, {}),
            "cards hidden": (START + TRAIN, {"CUDA_VISIBLE_DEVICES": ""}),
            "hidden after the import": (START + HIDE + TRAIN, {}),
            "hidden after a first look": (START + LOOK + HIDE + TRAIN, {}),
            "forked after the import": (START + FORK + TRAIN, {}),
            "forked after a first look": (START + LOOK + FORK + TRAIN, {}),
            "forked after the import, then hidden": (START + FORK + HIDE + TRAIN, {}),
        },
        device,
    )


def caching(device: str) -> Found:
    """Follow a block of memory: taken, freed, given back; then a cap, and what exceeds it."""
    import torch

    cuda = torch.cuda
    _, total = cuda.mem_get_info()
    block = total // 16

    def state() -> dict[str, float]:
        free, _ = cuda.mem_get_info()
        taken = {
            "tensors": cuda.memory_allocated(),
            "kept by PyTorch": cuda.memory_reserved(),
            "free for others": free,
        }
        return {name: round(size / 1e6, 1) for name, size in taken.items()}

    def take(blocks: int) -> str:
        return f"{torch.empty(blocks * block, dtype=torch.uint8, device=device).nbytes / 1e6} MB"

    def given_back() -> None:
        gc.collect()
        cuda.empty_cache()

    torch.ones(1, device=device)
    states = {"before": state()}
    tensor = torch.empty(block, dtype=torch.uint8, device=device)
    states["one block taken"] = state()
    del tensor
    states["its tensor deleted"] = state()
    again = torch.empty(block, dtype=torch.uint8, device=device)
    states["a second one like it"] = state()
    del again
    given_back()
    states["after empty_cache"] = state()

    answers = {"no cap, three blocks": answer(lambda: take(3))}
    given_back()
    cuda.set_per_process_memory_fraction(2 / 16)
    answers["cap of two blocks, one block"] = answer(lambda: take(1))
    given_back()
    answers["cap of two blocks, three blocks"] = answer(lambda: take(3))
    given_back()
    cuda.set_per_process_memory_fraction(1.0)
    answers["cap lifted, three blocks"] = answer(lambda: take(3))
    return {"block in MB": round(block / 1e6, 1), "states in MB": states, "caps": answers}


def out_of_memory(device: str) -> Found:
    """Ask for more than there is and go on; halve a batch until its step fits under a cap."""
    import torch

    cuda = torch.cuda
    _, total = cuda.mem_get_info()
    before = cuda.memory_allocated()
    found = {
        "twice the card": answer(
            lambda: torch.empty(2 * total, dtype=torch.uint8, device=device).nbytes
        ),
        "left behind, in bytes": cuda.memory_allocated() - before,
        "a product afterwards": answer(
            lambda: float(
                (torch.ones(64, 64, device=device) @ torch.ones(64, 64, device=device))[0, 0]
            )
        ),
    }
    cuda.set_per_process_memory_fraction(2**30 / total)
    network = torch.nn.Sequential(
        torch.nn.Linear(1024, 4096), torch.nn.ReLU(), torch.nn.Linear(4096, 1024)
    ).to(device)

    def step(rows: int) -> float:
        loss = network(torch.ones(rows, 1024, device=device)).square().mean()
        loss.backward()
        return loss.item()

    network_alone = cuda.memory_allocated()
    rows, tried, held = 2**18, {}, {}
    while rows:
        try:
            step(rows)
            tried[rows] = "fits"
            break
        except torch.OutOfMemoryError as error:
            kept = error
        tried[rows] = type(kept).__name__
        held["MB held while the error is kept"] = (cuda.memory_allocated() - network_alone) / 1e6
        kept = None
        gc.collect()
        held["MB held once it is dropped"] = (cuda.memory_allocated() - network_alone) / 1e6
        rows //= 2
    return found | {"cap in MB": 2**30 / 1e6, "rows tried": tried, "last refusal": held}


def one_rank(device: str) -> Found:
    """Sum over a group of one process, and compare a step of DDP with a plain one."""
    import tempfile

    import torch
    from torch import distributed

    backend = {"cuda": "nccl", "cpu": "gloo"}[device]
    with tempfile.TemporaryDirectory() as folder:
        distributed.init_process_group(
            backend, init_method=f"file://{folder}/store", rank=0, world_size=1
        )
        ones = torch.ones(scaled(device, 2**24, 2**10), device=device)
        distributed.all_reduce(ones)
        torch.manual_seed(0)
        plain = torch.nn.Linear(64, 64, device=device)
        shared = torch.nn.Linear(64, 64, device=device)
        shared.load_state_dict(plain.state_dict())
        data = torch.randn(32, 64, device=device)
        parallel = torch.nn.parallel.DistributedDataParallel(shared)
        for network in (plain, parallel):
            network(data).square().mean().backward()
        gap = (plain.weight.grad - shared.weight.grad).abs().max()
        found = {
            "backend": distributed.get_backend(),
            "sum over one rank changes nothing": bool((ones == 1).all()),
            "largest gap of gradients to a plain step": float(gap),
        }
        distributed.destroy_process_group()
    if device == "cuda":
        found["nccl"] = ".".join(map(str, torch.cuda.nccl.version()))
    return found
