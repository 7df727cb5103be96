"""Labels and groups are compared as text, for one file writes `1` and another `1.0` or true."""

from __future__ import annotations

from typing import Any


def label_text(value: Any) -> str:
    """A label's text: `1.0`, `1` and True are one label, from Python and from numpy."""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, int | float) and float(plain).is_integer():
        return str(int(plain))
    return str(plain)
