"""The rule for a merchant's colour: it is used as text, and behind white text, only where people can read it.

WCAG 2.2: relative luminance and contrast; 4.5 to 1 is the least for small text (success criterion 1.4.3).
"""

LEAST = 4.5
WHITE = "#ffffff"
USUAL = "#9f1d2d"  # of a shop that has chosen none


def contrast(a: str, b: str) -> float:
    """The contrast of two colours `#rrggbb`, 1.0 (equal) to 21.0 (black and white). Raises ValueError."""
    lighter, darker = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str) -> str:
    """`colour` (`#rrggbb`) where it has a contrast of 4.5 or more with white, else the same hue just dark enough."""
    channels = _channels(colour)
    for share in range(100, 0, -1):
        darker = _named([channel * share // 100 for channel in channels])
        if contrast(darker, WHITE) >= LEAST:
            return darker
    return "#000000"


def _channels(colour: str) -> list[int]:
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"not a colour: {colour!r}")
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _named(channels: list[int]) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
