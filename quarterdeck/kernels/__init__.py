"""Warm kernels: a Jupyter kernel provisioner that forks ready kernels from one process which has imported it all."""

from quarterdeck.kernels.nursery import SINGLE_THREADED, ForkedProcess, NotForked, Nursery, nursery
from quarterdeck.kernels.provisioner import PromptClient, WarmProvisioner, choose_provisioner, prepare

__all__ = [
    "SINGLE_THREADED",
    "ForkedProcess",
    "NotForked",
    "Nursery",
    "PromptClient",
    "WarmProvisioner",
    "choose_provisioner",
    "nursery",
    "prepare",
]
