"""Rules on several ranks: what was measured is summed over all of them before the update.

`Summed` keeps everything on every rank (data parallelism). `Owned` deals the parameters out: each rank keeps the
float32 weights and the optimizer's state of some whole parameters, so that Muon sees whole matrices (as in ZeRO,
Rajbhandari et al. 2020, arXiv:1910.02054, stages 1 and 2); with "fsdp" the weights that compute are cut too, by
torch's `fully_shard` (FSDP2), a block at a time. A saved state is that of one process, whatever wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from octavo.model.distributed.ranks import Ranks
from octavo.model.machine import Machine
from octavo.model.network.shape import Course
from octavo.model.training.method import Method, Rule
from octavo.model.training.optimizer import Optimizer
from octavo.spine.errors import WRONG_USE, OctavoError


def rule_for(method: Method, model: nn.Module, course: Course, machine: Machine, ranks: Ranks) -> Rule:
    """What updates the model on this rank."""
    if ranks.count == 1:
        return method.rule(model, course, machine)
    if ranks.sharding == "none":
        return Summed(method.rule(model, course, machine), ranks)
    return Owned(method, model, course, machine, ranks)


class Summed:
    """Any rule, on every rank the same: sums over the ranks what it measured."""

    def __init__(self, rule: Rule, ranks: Ranks) -> None:
        self.rule, self.ranks = rule, ranks

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rule, name)

    def measure(self, loss_of: Callable[[Any], Tensor], batches: Sequence[Any]) -> float:
        """The loss of the whole step; one sum over the ranks a group of parameters."""
        loss = self.rule.measure(loss_of, batches)
        for sum_ in self.rule.sums():
            dist.all_reduce(sum_)
        return self.ranks.total(loss)


class Owned:
    """The optimizer, dealt out over the ranks parameter by parameter."""

    def __init__(self, method: Method, model: nn.Module, course: Course, machine: Machine, ranks: Ranks) -> None:
        self.ranks, self.model = ranks, model
        learnt = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.shapes = {name: p.shape for name, p in learnt.items()}
        self.owners = deal({name: p.numel() for name, p in learnt.items()}, ranks.count)
        for name, parameter in learnt.items():
            parameter.requires_grad_(self.owners[name] == ranks.rank)
        rule = method.rule(model, course, machine)
        if not isinstance(rule, Optimizer):
            raise OctavoError(
                "T092",
                "This method keeps no state that could be cut over processes",
                do='set sharding to "none"',
                exit_code=WRONG_USE,
            )
        self.rule = rule
        for parameter in learnt.values():
            parameter.requires_grad_(True)
        self.grads = {
            name: grad for group in rule.groups.values() for name, grad in zip(group.names, group.grads, strict=True)
        }
        # The own parameters as the optimizer knows them; with FSDP2 they are no longer those that compute.
        self.own = {name: p for name, p in learnt.items() if self.owners[name] == ranks.rank}
        del learnt
        self.groups = self._groups()
        self.asked = Asked(model)
        if ranks.sharding == "fsdp":
            shard(self.asked, ranks, machine)
        self.computing = dict(model.named_parameters())

    @property
    def steps(self) -> int:
        """How many updates were made."""
        return self.rule.steps

    def measure(self, loss_of: Callable[[Any], Tensor], batches: Sequence[Any]) -> float:
        """The loss of the whole step; after each backward pass every gradient goes to its owner."""
        total = 0.0
        for batch in batches:
            loss = self.asked(loss_of, batch)
            loss.backward()
            self._hand_over()
            total += float(loss.detach())
        return self.ranks.total(total)

    def sums(self) -> list[Tensor]:
        """Nothing is left to sum."""
        return []

    def clip(self, limit: float) -> float:
        """By the joint norm of the gradients of all ranks."""
        squares = sum(float(group.grad.double().square().sum()) for group in self.rule.groups.values())
        norm = self.ranks.total(squares) ** 0.5
        if norm > limit:
            for group in self.rule.groups.values():
                group.grad.mul_(limit / norm)
        return norm

    def forget(self) -> None:
        """Set the gradients to zero."""
        self.rule.forget()

    def step(self, learning_rate: float) -> None:
        """Each owner updates its own, then all get the new weights."""
        self.rule.step(learning_rate)
        self._publish()

    def rehearse(self) -> None:
        """The work of a step without its effect."""
        self.rule.rehearse()
        self._publish()

    @torch.no_grad()
    def tensors(self) -> dict[str, Tensor]:
        """The exact state as one process would have it, on the first rank; on the others nothing."""
        mine = self.rule.tensors()
        whole: dict[str, Tensor] = {}
        for group, (names, kinds) in self.groups.items():
            for kind in kinds:
                own = self._pieces(mine, group, kind)
                parts = [self._from_owner(name, own.get(name)) for name in names]
                if self.ranks.first:
                    whole[f"{group}.{kind}"] = torch.cat([part.flatten() for part in parts])
        return whole

    def load(self, tensors: Mapping[str, Tensor], steps: int) -> None:
        """Go on from an exact state, whoever wrote it."""
        mine: dict[str, Tensor] = {}
        for group, (names, kinds) in self.groups.items():
            sizes = [self.shapes[name].numel() for name in names]
            for kind in kinds:
                split = zip(names, tensors[f"{group}.{kind}"].split(sizes), strict=True)
                own = [piece for name, piece in split if name in self.own]
                if own:
                    mine[f"{group}.{kind}"] = torch.cat(own)
        self.rule.load(mine, steps)
        self._publish()

    @torch.no_grad()
    def weights(self) -> dict[str, Tensor]:
        """What is learnt, on the first rank; on the others nothing."""
        own = self.rule.weights()
        whole = {name: self._from_owner(name, own.get(name)) for name in self.owners}
        return whole if self.ranks.first else {}

    def _groups(self) -> dict[str, tuple[list[str], list[str]]]:
        """Group of the optimizer → its parameters in the order of one process, and the names of its tensors."""
        mine = {name: (list(group.names), sorted(group.tensors())) for name, group in self.rule.groups.items()}
        told: list[Any] = [None] * self.ranks.count
        dist.all_gather_object(told, mine)
        order = {name: place for place, name in enumerate(self.owners)}
        found: dict[str, tuple[list[str], list[str]]] = {}
        for group in sorted({group for one in told for group in one}):
            having = [one[group] for one in told if group in one]
            found[group] = (sorted((n for names, _ in having for n in names), key=order.__getitem__), having[0][1])
        return found

    def _pieces(self, tensors: Mapping[str, Tensor], group: str, kind: str) -> dict[str, Tensor]:
        """Own parameter → its part of one of the optimizer's vectors."""
        names = [name for name in self.groups[group][0] if name in self.own]
        if not names:
            return {}
        vector = tensors[f"{group}.{kind}"]
        return dict(zip(names, vector.split([self.shapes[name].numel() for name in names]), strict=True))

    def _from_owner(self, name: str, own: Tensor | None) -> Tensor:
        """A float32 tensor of this parameter's shape, from its owner to all."""
        device = self.computing[name].device
        piece = torch.empty(self.shapes[name], device=device) if own is None else own.view(self.shapes[name])
        dist.broadcast(piece, self.owners[name])
        return piece

    @torch.no_grad()
    def _hand_over(self) -> None:
        """Sum the gradients of one backward pass over the ranks, each at its owner, and forget them."""
        for name, owner in self.owners.items():
            parameter = self.computing[name]
            grad, parameter.grad = parameter.grad, None
            if self.ranks.sharding == "fsdp":
                # Summed over the ranks already, and cut: put together again for its owner.
                whole = torch.zeros(self.shapes[name]) if grad is None else grad.full_tensor().float()
            else:
                whole = torch.zeros_like(parameter).float() if grad is None else grad.float()
                dist.reduce(whole, owner)
            if owner == self.ranks.rank:
                self.grads[name].add_(whole)

    @torch.no_grad()
    def _publish(self) -> None:
        """Give every rank the new weights of every owner."""
        for name, owner in self.owners.items():
            parameter = self.computing[name]
            whole = (
                self.own[name].detach()
                if owner == self.ranks.rank
                else torch.empty(self.shapes[name], dtype=parameter.dtype, device=parameter.device)
            )
            dist.broadcast(whole, owner)
            if self.ranks.sharding == "fsdp":
                parts = whole.chunk(self.ranks.count)
                if self.ranks.rank < len(parts):
                    parameter.to_local().copy_(parts[self.ranks.rank])
            elif owner != self.ranks.rank:
                parameter.copy_(whole)


def deal(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """Parameter → the rank that owns it, in the order given: the largest first, each to who has least so far."""
    load = [0] * count
    owner: dict[str, int] = {}
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        least = load.index(min(load))
        owner[name] = least
        load[least] += sizes[name]
    return {name: owner[name] for name in sizes}


class Asked(nn.Module):
    """A model that is asked for a loss. FSDP2 puts weights together when a module is called, and a loss may use a
    model's parts without calling the model."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, loss_of: Callable[[Any], Tensor], batch: Any) -> Tensor:
        """The loss of a batch."""
        return loss_of(batch)


def shard(model: nn.Module, ranks: Ranks, machine: Machine) -> None:
    """Cut the weights that compute over the ranks, a repeated block at a time; gradients are summed in float32."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard

    mesh = init_device_mesh(machine.device, (ranks.count,))
    policy = MixedPrecisionPolicy(reduce_dtype=torch.float32)
    for block in _blocks(model):
        fully_shard(block, mesh=mesh, mp_policy=policy)
    fully_shard(model, mesh=mesh, mp_policy=policy)
    for module in model.modules():
        if isinstance(module, FSDPModule):
            # Our losses are divided by the targets of all ranks: the gradients are summed, not averaged.
            module.set_gradient_divide_factor(1.0)
            module.set_force_sum_reduction_for_comms(True)


def _blocks(model: nn.Module) -> Iterator[nn.Module]:
    """The layers that a model repeats: its longest list of modules."""
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    yield from max(lists, key=len, default=nn.ModuleList())
