"""Warm kernels: a Jupyter kernel provisioner that forks ready kernels from one process which has imported it all."""

from quarterdeck.kernels.environment import LEAN, environment_of_kernels
from quarterdeck.kernels.nursery import ForkedProcess, NotForked, Nursery, nursery
from quarterdeck.kernels.provisioner import PromptManager, WarmProvisioner, choose_provisioner, prepare_kernels

__all__ = [
    "LEAN",
    "ForkedProcess",
    "NotForked",
    "Nursery",
    "PromptManager",
    "WarmProvisioner",
    "choose_provisioner",
    "environment_of_kernels",
    "nursery",
    "prepare_kernels",
]
