"""
Pictures that nobody made for a mail, made fit for one.

What a mail can carry is an opaque PNG or JPEG, not larger than it is shown on a dense screen: Outlook
on Windows cuts what is taller than 1728 pixels, and a transparent ground turns black text invisible in
dark mode.
"""

from __future__ import annotations

import io
import warnings

from PIL import Image as Pillow
from PIL import ImageChops, ImageStat

from quarterdeck.render.items import Picture
from quarterdeck.render.tokens import CONTENT_WIDTH

_MOST_WIDE = 2 * CONTENT_WIDTH
_MOST_HIGH = 1728
_HEAVY = 200_000  # bytes; above it a picture is written anew

# The one switch of it. Fewer colours are kept only where nobody sees them, in steps of 255.
FEWER_COLOURS = True
_MOST_MEAN_ERROR, _MOST_ERROR = 1.0, 24


def fit_for_mail(picture: Picture) -> Picture | None:
    """*picture* as a mail may carry it, with its width in CSS pixels; None when it is no picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(picture.data), formats=("PNG", "JPEG")) as opened:
                opened.load()
                drawn = opened.copy()
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        return None  # Pillow says SyntaxError for a PNG with a broken chunk
    natural = picture.width if picture.width > 0 else drawn.width
    width = min(CONTENT_WIDTH, natural)
    is_opaque = drawn.mode in ("RGB", "L", "P") and "transparency" not in drawn.info
    fits = drawn.width <= _MOST_WIDE and drawn.height <= _MOST_HIGH
    if is_opaque and fits and len(picture.data) <= _HEAVY:
        return Picture(picture.data, picture.subtype, picture.alt, width)
    flat = _flattened(drawn)
    scale = min(1, _MOST_WIDE / flat.width, _MOST_HIGH / flat.height)
    if scale < 1:
        size = (max(1, round(flat.width * scale)), max(1, round(flat.height * scale)))
        flat = flat.resize(size, Pillow.Resampling.LANCZOS)
        width = min(width, flat.width)  # what had to be made small is not blown up again
    return Picture(*_written(flat, picture.subtype), picture.alt, width)


def _flattened(drawn: Pillow.Image) -> Pillow.Image:
    """On white, which is what notebooks draw for."""
    with_alpha = drawn.convert("RGBA")
    ground = Pillow.new("RGBA", with_alpha.size, "white")
    return Pillow.alpha_composite(ground, with_alpha).convert("RGB")


def _written(flat: Pillow.Image, subtype: str) -> tuple[bytes, str]:
    """
    As JPEG what was one, or what is heavy as a PNG: a photograph, that is.

    Of one, 128 colours are twice the bytes of a JPEG and look worse. Colours keep their whole resolution, or a
    heavy drawing would lose its thin lines.
    """
    if subtype == "png":
        data = _saved(_in_fewer_colours(flat), "PNG", optimize=True)
        if len(data) <= 2 * _HEAVY:
            return data, "png"
    data = _saved(flat, "JPEG", quality=82, subsampling=0, optimize=True)
    return (data if len(data) <= 2 * _HEAVY else _saved(flat, "JPEG", quality=60, optimize=True)), "jpeg"


def _in_fewer_colours(flat: Pillow.Image) -> Pillow.Image:
    """*flat* with a palette, a third of the bytes, unless somebody could see the difference."""
    if not FEWER_COLOURS:
        return flat
    few = flat.quantize(256, method=Pillow.Quantize.MEDIANCUT, dither=Pillow.Dither.NONE)
    difference = ImageStat.Stat(ImageChops.difference(flat, few.convert("RGB")))
    largest = max(most for _, most in difference.extrema)
    return few if max(difference.mean) <= _MOST_MEAN_ERROR and largest <= _MOST_ERROR else flat


def _saved(image: Pillow.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
