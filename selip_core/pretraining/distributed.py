"""The processes that train one model together: who does what, and the sums over all of them.

Every process knows the whole batch and encodes its share of it. Features are gathered, each process computes the loss
over all of them, and takes back the gradient of its own rows; so the sum of the parameters' gradients over the
processes is the gradient of the single full batch.

Accelerate finds the processes' places and joins them. Its ``Accelerator`` would wrap the model in DDP, which averages
gradients of losses that each process has for itself, and gathers equal shares only: this loss spans all processes.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from selip_core.errors import SelipError

LONGEST_WAIT = timedelta(hours=2)
"""How long the others wait for the main process, which validates and writes alone."""


@dataclass(frozen=True)
class Processes:
    """This process among those that train together; by default it is alone, and nothing is exchanged.

    Parameters
    ----------
    index : int
        From 0; process 0 is the main one, which validates, writes and talks.
    count : int
    """

    index: int = 0
    count: int = 1

    @property
    def is_main(self) -> bool:
        return self.index == 0

    def share(self, size: int) -> slice:
        """Return this process's rows of a batch of `size`; shares differ by one row at most.

        Raises
        ------
        SelipError
            If there are fewer rows than processes.
        """
        if size < self.count:
            raise SelipError(f"a batch of {size} cannot be shared by {self.count} processes: give a larger "
                             "pretraining.batch_size or start fewer processes")  # fmt: skip
        return slice(self.index * size // self.count, (self.index + 1) * size // self.count)

    def gather(self, own: torch.Tensor, size: int) -> torch.Tensor:
        """Return the rows of all processes, ``(size, E)``, in the order of the batch; no gradient flows through it."""
        if self.count == 1:
            return own.detach()
        rows = torch.zeros(size, *own.shape[1:], dtype=own.dtype, device=own.device)
        rows[self.share(size)] = own.detach()
        dist.all_reduce(rows)  # a sum with zeros is exact, and takes shares of unequal size
        return rows

    def sum_gradients(self, model: nn.Module) -> None:
        """Add up the gradients of all processes, and average the running statistics of batch-norm layers."""
        if self.count == 1:
            return
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        layers = [module for module in model.modules() if isinstance(module, _BatchNorm)]
        statistics = [b for layer in layers for b in layer.buffers() if b.is_floating_point()]
        for work in [dist.all_reduce(tensor, async_op=True) for tensor in gradients + statistics]:
            work.wait()
        for tensor in statistics:
            tensor /= self.count

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.count > 1:
            dist.barrier()

    def leave(self) -> None:
        """End the exchange; a program does so before it ends."""
        if self.count > 1:
            dist.destroy_process_group()

    def from_main(self, job: Callable[[], object]) -> object:
        """Return what `job` returns in the main process, in every process; the others wait for it."""
        result = [job() if self.is_main else None]
        if self.count > 1:
            dist.broadcast_object_list(result)
        return result[0]

    def start_equal(self, model: nn.Module, *identity: object) -> None:
        """Give every process the main one's weights.

        Parameters
        ----------
        identity
            What must be the same everywhere: fingerprint and step of the run.

        Raises
        ------
        SelipError
            If it is not: the processes do not see the same folders, or run other code.
        """
        if self.count == 1:
            return
        found: list = [None] * self.count
        dist.all_gather_object(found, identity)
        if any(one != found[0] for one in found):
            raise SelipError(f"the {self.count} processes do not train the same run (they found {found}): every "
                             "machine needs the same code and the same results folder")  # fmt: skip
        for tensor in model.state_dict().values():
            dist.broadcast(tensor, 0)


ALONE = Processes()
OF_A_LAUNCHER = ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""What torchrun and accelerate launch set beside ``WORLD_SIZE``."""


def joined_processes(device_type: str) -> Processes:
    """Return this process's place among those that ``torchrun`` or ``accelerate launch`` started; alone without them.

    The first call joins them (NCCL on CUDA, gloo on the CPU), and gives each process of a machine a GPU of its own.

    Parameters
    ----------
    device_type : {"cpu", "cuda"}
        Where the model will lie.

    Raises
    ------
    SelipError
        If ``WORLD_SIZE`` is no number, or was set by something that started no processes: it would wait for hours.
    """
    count = os.environ.get("WORLD_SIZE", "").strip() or "1"
    if count == "1":
        return ALONE
    lacking = [name for name in OF_A_LAUNCHER if not os.environ.get(name)]
    if not count.isdecimal() or lacking:
        raise SelipError(
            f"WORLD_SIZE={count} is set, but {', '.join(lacking) or 'it'} is not as torchrun sets it: start this "
            "command by torchrun or accelerate launch, or unset WORLD_SIZE for a run of one process"
        )
    from accelerate import PartialState

    state = PartialState(cpu=device_type != "cuda", timeout=LONGEST_WAIT)
    return Processes(state.process_index, state.num_processes)
