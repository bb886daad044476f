"""Seeded chance that gives the same draws on every machine, so that the company can be rebuilt byte for byte."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


class Chance:
    """
    One stream of draws, named by what it decides: a change in one part of the company moves no other.

    Everything is made of `random.random()` and plain arithmetic, the one part of the module whose
    sequence Python promises to keep, and which no platform's mathematics library can round differently.
    """

    def __init__(self, purpose: str) -> None:
        self._random = random.Random(f"Harbour Day Charters, {purpose}")

    def share(self) -> float:
        """A number in [0, 1)."""
        return self._random.random()

    def happens(self, probability: float) -> bool:
        return self.share() < probability

    def whole(self, low: int, high: int) -> int:
        """A whole number from *low* to *high*, both included."""
        return low + int(self.share() * (high - low + 1))

    def around(self, mean: float, spread: float) -> float:
        """*mean* give or take *spread*, a share of it: bell-shaped, *spread* is one standard deviation."""
        bell = self.share() + self.share() + self.share() + self.share() - 2  # standard deviation 0.577
        return mean * (1 + spread * bell * 1.73)

    def rounded(self, value: float) -> int:
        """One of the two whole numbers next to *value*, so that the mean of many is *value*."""
        floor = int(value)
        return floor + self.happens(value - floor)

    def one_of(self, items: Sequence[_Item]) -> _Item:
        return items[int(self.share() * len(items))]

    def weighted(self, weights: Mapping[_Item, float]) -> _Item:
        """One of the keys of *weights*, each as often as its weight says."""
        left = self.share() * sum(weights.values())
        for item, weight in weights.items():
            left -= weight
            if left < 0:
                return item
        return next(reversed(list(weights)))

    def quantile(self, *knots: float) -> float:
        """A draw from the distribution whose quantiles at equal steps are *knots*, straight in between."""
        position = self.share() * (len(knots) - 1)
        left = int(position)
        return knots[left] + (knots[left + 1] - knots[left]) * (position - left)


class Deck:
    """
    Items dealt from shuffled packs, each pack with every item as often as its weight says.

    Ten deals from chance alone may miss an item that one in ten should be; ten from a pack do not.
    """

    def __init__(self, chance: Chance, weights: Mapping[str, float], size: int = 40) -> None:
        self._chance = chance
        self._weights = weights
        self._size = size
        self._left: list[str] = []

    def deal(self) -> str:
        if not self._left:
            for item, weight in self._weights.items():
                self._left += [item] * self._chance.rounded(weight * self._size)
        return self._left.pop(int(self._chance.share() * len(self._left)))
