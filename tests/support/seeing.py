"""How different two pictures look, in numbers that stand for eyes."""

import numpy as np

_TO_XYZ = np.array([[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]])
_WHITE = np.array([0.95047, 1.0, 1.08883])
_LUMA = np.array([0.299, 0.587, 0.114])


def colour_difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """ΔE (CIE 1976) of each pixel of two pictures (height, width, 3; uint8): about 2 is the least that is seen."""
    return np.sqrt(((_lab(one) - _lab(other)) ** 2).sum(axis=2))


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """The mean structural similarity (SSIM) of their brightness, in windows of 8 pixels; 1 is the same picture."""
    first, second = (_blurred(picture @ _LUMA) for picture in (one, other))
    squares, other_squares = _blurred((one @ _LUMA) ** 2), _blurred((other @ _LUMA) ** 2)
    product = _blurred((one @ _LUMA) * (other @ _LUMA))
    spread, other_spread, shared = squares - first**2, other_squares - second**2, product - first * second
    bright = (2 * first * second + 6.5025) / (first**2 + second**2 + 6.5025)
    return float((bright * (2 * shared + 58.5225) / (spread + other_spread + 58.5225)).mean())


def _lab(picture: np.ndarray) -> np.ndarray:
    share = picture / 255
    linear = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    ratio = linear @ _TO_XYZ.T / _WHITE
    bent = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=2)


def _blurred(values: np.ndarray, size: int = 8) -> np.ndarray:
    sums = np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    return (sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]) / size**2
