"""Warm kernels: a Jupyter kernel provisioner that forks ready kernels from one process which has imported it all."""

from quarterdeck.kernels.environment import SINGLE_THREADED, environment_of_kernels
from quarterdeck.kernels.nursery import ForkedProcess, NotForked, Nursery, nursery
from quarterdeck.kernels.provisioner import PromptClient, WarmProvisioner, choose_provisioner, prepare_kernels

__all__ = [
    "SINGLE_THREADED",
    "ForkedProcess",
    "NotForked",
    "Nursery",
    "PromptClient",
    "WarmProvisioner",
    "choose_provisioner",
    "environment_of_kernels",
    "nursery",
    "prepare_kernels",
]
