"""How a plot is drawn: matplotlib to SVG that stands in a page, in the page's colours, the same bytes every time.

A plot is drawn in stand-in colours that the SVG's text is searched for: each becomes a variable of the page's style, so
that one plot is right in light and in dark. Text stays text: it is searched, read out and selected.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, MUTED, GRID, SURFACE = "#010101", "#020202", "#030303", "#040404"
GOOD, BAD = "#050505", "#060606"
SERIES = ("#070701", "#070702", "#070703", "#070704", "#070705", "#070706", "#070707", "#070708")

_VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--grid",
    SURFACE: "--card",
    GOOD: "--good",
    BAD: "--bad",
} | {colour: f"--series-{number}" for number, colour in enumerate(SERIES, 1)}

_NUMBERED_GROUP = re.compile(
    r'<g id="(?:figure|axes|patch|line2d|text|matplotlib\.axis|xtick|ytick|legend|[A-Za-z]+Collection|QuadMesh)_\d+">'
)
"""matplotlib numbers its groups; the same ids would be there once for each plot of a page."""

WIDTH_INCHES, HEIGHT_INCHES = 5.2, 3.5

_STYLE = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",  # matplotlib's own: the same measures on any machine
    "font.size": 9,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "figure.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "legend.labelcolor": INK,
    "lines.linewidth": 2.0,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
}


@dataclass(frozen=True)
class Drawing:
    """One plot of the page."""

    name: str
    """Unlike that of any other plot of the page."""
    title: str
    caption: str
    """What is to be seen in it, in a sentence; read out in its place, too."""
    svg: str


def drawn(
    name: str,
    title: str,
    caption: str,
    draw: Callable[[Axes], None],
    *,
    height_inches: float = HEIGHT_INCHES,
) -> Drawing:
    """A plot, drawn by `draw` on one pair of axes.

    Args:
        name: Unlike that of any other plot of the page: the SVG's ids are made of it.
        title: Above the plot.
        caption: Below it.
        draw: Gets the axes.
        height_inches: More where there are many bars.
    """
    style: Any = {**_STYLE, "svg.hashsalt": name}
    with mpl.rc_context(style):
        figure = Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        draw(axes)
        buffer = io.StringIO()
        nothing: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(buffer, format="svg", metadata=nothing)
    return Drawing(name, title, caption, _in_page(buffer.getvalue(), name))


def _in_page(svg: str, name: str) -> str:
    """The `<svg>` element alone: no prologue, no names of schemas, the page's colours, the page's font."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    body = re.sub(r'\sxmlns(:xlink)?="[^"]*"', "", body)
    shown = rf'<svg viewBox="\1" role="img" aria-labelledby="{name}">'
    body = re.sub(r'<svg[^>]*?viewBox="([^"]*)"[^>]*>', shown, body, count=1)
    body = _NUMBERED_GROUP.sub("<g>", body)
    body = re.sub(r"font: ([\d.]+)px '[^']*'", r"font-size: \1px", body)
    return re.sub(
        r"#0[0-9]{5}", lambda found: f"var({_VARIABLES[found[0]]})" if found[0] in _VARIABLES else found[0], body
    )
