"""Plots that compare: slices with the worst marked, groups side by side, this release and the deployed one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from model_packaging.gate.drawing import BAD, GOOD, INK, MUTED, SERIES, Drawing, drawn
from model_packaging.gate.metric_table import METRICS
from model_packaging.gate.report import DeployedFigures, GateReport, GateResult, GroupFigures, SliceFigures, worst_of
from model_packaging.gate.report_table import figure_told

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR_INCHES = 0.34
SHOWN_BARS = 24
NAME_CHARACTERS = 34
GROUP_FIGURES = ("selection_rate", "recall", "precision", "accuracy", "mae", "mean_error")
SIGNIFICANT_SHARE = 1e-9


def slice_drawings(report: GateReport) -> Iterator[Drawing]:
    """Bars of each metric that slices are judged by, the worst first, the threshold across them."""
    metrics = dict.fromkeys(metric for one in report.slices for metric in one.metrics)
    for number, metric in enumerate(metrics):
        sign = 1 if METRICS[metric].greater_is_better else -1
        having = [one for one in report.slices if metric in one.metrics]
        shown = sorted(having, key=lambda one: sign * one.metrics[metric])[:SHOWN_BARS]
        limits = [one for one in report.results if one.section == "slices" and one.name.startswith(f"{metric} of ")]
        judged = [one for one in shown if one.judged]
        worst = worst_of(metric, judged).name if judged else None
        caption = "The worst first; dashed, what the worst must be. Pale: too few rows to be judged."
        yield drawn(
            f"slices{number}",
            f"Slices: {metric}, the worst {worst or 'not judged'}",
            caption,
            _slices(metric, shown, limits, worst),
            height_inches=1.1 + BAR_INCHES * len(shown),
        )


def _slices(
    metric: str, shown: list[SliceFigures], limits: list[GateResult], worst: str | None
) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        failed = any(not one.passed for one in limits)
        for place, one in enumerate(shown):
            value = one.metrics[metric]
            colour = SERIES[0] if one.name != worst else BAD if failed else SERIES[1]
            axes.barh(place, value, height=0.66, color=colour, alpha=1.0 if one.judged else 0.35)
            axes.annotate(figure_told(value), (value, place), (4, 0), textcoords="offset points", va="center")
        for limit in limits:
            if limit.threshold is not None:
                axes.axvline(limit.threshold, linestyle="--", color=INK, linewidth=1)
        _named_bars(axes, [f"{_short(one.name)} ({one.rows:,})" for one in shown])
        axes.set(xlabel=metric)
        axes.margins(x=0.14)

    return draw


def _named_bars(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def _short(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS else f"{name[: NAME_CHARACTERS - 1]}…"


def group_drawings(report: GateReport) -> Iterator[Drawing]:
    """Each group's figures side by side."""
    for number, one in enumerate(report.groups):
        figures = [name for name in GROUP_FIGURES if any(name in group for group in one.groups.values())]
        if report.task == "regression":
            figures = [name for name in figures if name == "mae"]
        if figures:
            caption = "The nearer a figure's bars are to one another, the more alike the groups are treated."
            yield drawn(f"groups{number}", f"Groups of {one.column}", caption, _groups(one, figures))


def _groups(one: GroupFigures, figures: list[str]) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        names = list(one.groups)[: len(SERIES)]
        width = 0.8 / len(names)
        for number, name in enumerate(names):
            places = [place + (number - (len(names) - 1) / 2) * width for place in range(len(figures))]
            heights = [one.groups[name].get(figure, 0.0) for figure in figures]
            label = f"{name} ({one.groups[name]['rows']:,.0f})"
            axes.bar(places, heights, width=width * 0.92, color=SERIES[number], label=label)
        axes.set_xticks(range(len(figures)), [figure.replace("_", " ") for figure in figures])
        axes.grid(visible=False, axis="x")
        axes.tick_params(axis="x", length=0)
        axes.margins(y=0.28)
        axes.legend(loc="upper center", ncols=min(len(names), 3))

    return draw


def deployed_drawing(report: GateReport) -> Iterator[Drawing]:
    """By how much each metric is better or worse than the deployed release's."""
    deployed = report.deployed
    if deployed is None:
        return
    changes = _changes(report.metrics, deployed)
    if changes:
        rows = "the same rows" if deployed.same_rows else "other rows, of its own gate"
        caption = f"Change of each metric, on {rows}; to the right is better."
        yield drawn(
            "deployed",
            f"Beside the deployed release, {deployed.version}",
            caption,
            _deployed(changes),
            height_inches=1.1 + BAR_INCHES * len(changes),
        )


def _changes(ours: dict[str, float], deployed: DeployedFigures) -> dict[str, float]:
    """Metric to how much better it is, relative to the deployed one's, in per cent."""
    return {
        name: -METRICS[name].worse_by(ours[name], theirs) / abs(theirs) * 100
        for name, theirs in deployed.metrics.items()
        if name in ours and abs(theirs) > SIGNIFICANT_SHARE
    }


def _deployed(changes: dict[str, float]) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        axes.axvline(0, color=MUTED, linewidth=1)
        for place, change in enumerate(changes.values()):
            axes.barh(place, change, height=0.66, color=GOOD if change >= 0 else BAD)
            side, offset = ("left", 4) if change >= 0 else ("right", -4)
            axes.annotate(
                f"{change:+.2f} %" if abs(change) >= 0.005 else "0 %",
                (change, place),
                (offset, 0),
                textcoords="offset points",
                va="center",
                ha=side,
            )
        _named_bars(axes, list(changes))
        axes.set(xlabel="better by, in per cent of the deployed one's")
        widest = max(abs(one) for one in changes.values()) or 1
        axes.set_xlim(-1.9 * widest, 1.9 * widest)

    return draw
