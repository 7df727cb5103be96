"""The plots of a report: what each shows is decided here, how it looks in `drawing`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from model_packaging.gate.comparison_plots import deployed_drawing, group_drawings, slice_drawings
from model_packaging.gate.drawing import BAD, INK, MUTED, SERIES, Drawing, drawn
from model_packaging.gate.metric_table import METRICS
from model_packaging.gate.report import Curve, GateReport, Histogram, LatencyFigures
from model_packaging.gate.report_table import figure_told, rows_told

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LARGEST_WITH_SHARES = 6
"""A confusion matrix of more classes has no room for them."""

DARKEST = 0.6
"""Of a cell's colour, so that text upon it is read in light and in dark."""


def drawings(report: GateReport) -> list[Drawing]:
    """Every plot that the report has figures for, in the order in which they are looked at."""
    return [
        *_classification(report),
        *_regression(report),
        *slice_drawings(report),
        *_noise(report),
        *group_drawings(report),
        *deployed_drawing(report),
        *(_latency(one) for one in report.latency),
    ]


def _classification(report: GateReport) -> Iterator[Drawing]:
    plots, figures = report.plots, report.metrics
    if plots.roc:
        caption = "The further to the upper left, the better; the dashed line is a coin's."
        yield drawn("roc", f"ROC curve, area {_told(figures, 'roc_auc')}", caption, _roc(plots.roc))
    if plots.precision_recall:
        caption = "How much of what is found is right, as more is found; the further to the upper right, the better."
        title = f"Precision and recall, average precision {_told(figures, 'average_precision')}"
        yield drawn("pr", title, caption, _precision_recall(plots.precision_recall))
    if plots.calibration:
        caption = "On the dashed line, probabilities are the shares they promise; the larger a dot, the more rows."
        yield drawn(
            "calibration", f"Calibration, expected error {_told(figures, 'ece')}", caption, _calibration(report)
        )
    if plots.confusion is not None:
        size = len(plots.confusion.labels)
        caption = "Rows are the truth, columns what the model says; the diagonal is right."
        caption += " Shares are of the truth." if size <= LARGEST_WITH_SHARES else ""
        height = max(3.5, 0.42 * size + 1)
        yield drawn("confusion", "Confusion matrix", caption, _confusion(report), height_inches=height)
    if plots.scores:
        what = "positive score by true class" if report.task == "binary" else "probability of the likeliest class"
        caption = "The less the two overlap, the better the model tells them apart."
        yield drawn("scores", f"Scores: {what}", caption, _overlaid(plots.scores, "score"))


def _told(figures: dict[str, float], name: str) -> str:
    return figure_told(figures[name]) if name in figures else "not defined"


def _roc(curves: dict[str, Curve]) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], linestyle="--", color=MUTED, linewidth=1)
        _curves(axes, curves)
        _unit_square(axes, "false positive rate", "true positive rate (recall)")

    return draw


def _precision_recall(curves: dict[str, Curve]) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        _curves(axes, curves)
        _unit_square(axes, "recall", "precision")

    return draw


def _curves(axes: Axes, curves: dict[str, Curve]) -> None:
    for number, (name, curve) in enumerate(curves.items()):
        dashes, colour = "-" if number < len(SERIES) else "--", SERIES[number % len(SERIES)]
        axes.plot(
            curve.x, curve.y, color=colour, linestyle=dashes, linewidth=2 if len(curves) == 1 else 1.4, label=name
        )
    if len(curves) > 1:
        axes.legend(loc="best", ncols=1 if len(curves) <= 4 else 2)


def _unit_square(axes: Axes, x: str, y: str) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=x, ylabel=y)


def _calibration(report: GateReport) -> Callable[[Axes], None]:
    bins = report.plots.calibration

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], linestyle="--", color=MUTED, linewidth=1)
        x, y = [one.mean_probability for one in bins], [one.positive_share for one in bins]
        most = max(one.rows for one in bins)
        axes.plot(x, y, color=SERIES[0], linewidth=1.5)
        axes.scatter(x, y, s=[20 + 130 * one.rows / most for one in bins], color=SERIES[0], zorder=3, clip_on=False)
        said = "share that is positive" if report.task == "binary" else "share that is right"
        _unit_square(axes, "mean probability", said)

    return draw


def _confusion(report: GateReport) -> Callable[[Axes], None]:
    confusion = report.plots.confusion

    def draw(axes: Axes) -> None:
        from matplotlib.patches import Rectangle

        if confusion is None:
            return
        size = len(confusion.labels)
        for row, counts in enumerate(confusion.counts):
            whole = sum(counts) or 1
            for column, count in enumerate(counts):
                colour = SERIES[0] if row == column else BAD
                cell = Rectangle(
                    (column - 0.49, row - 0.49), 0.98, 0.98, color=colour, alpha=DARKEST * count / whole, lw=0
                )
                axes.add_patch(cell)
                share = f"\n{count / whole:.0%}" if size <= LARGEST_WITH_SHARES else ""
                axes.text(
                    column,
                    row,
                    f"{count:,}{share}",
                    ha="center",
                    va="center",
                    color=INK,
                    fontsize=9 if size <= LARGEST_WITH_SHARES else 8,
                )
        axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), xlabel="the model says", ylabel="the truth")
        axes.set_xticks(range(size), confusion.labels, rotation=45 if sum(map(len, confusion.labels)) > 40 else 0)
        axes.set_yticks(range(size), confusion.labels)
        axes.grid(visible=False)

    return draw


def _overlaid(histograms: dict[str, Histogram], x: str) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        for number, (name, one) in enumerate(histograms.items()):
            axes.stairs(one.counts, one.edges, fill=True, color=SERIES[number], alpha=0.35, label=name)
            axes.stairs(one.counts, one.edges, color=SERIES[number], linewidth=1.5)
        axes.set(xlabel=x, ylabel="rows")
        axes.legend(loc="best")

    return draw


def _regression(report: GateReport) -> Iterator[Drawing]:
    plots, figures = report.plots, report.metrics
    if plots.predicted_and_actual is not None:
        caption = "On the dashed line, the prediction is the truth."
        title = f"Predicted and actual, R² {_told(figures, 'r2')}"
        yield drawn("predicted", title, caption, _predicted(plots.predicted_and_actual))
        caption = "The error of each row beside its prediction; a pattern is something the model has not learned."
        yield drawn("residuals", "Residuals by prediction", caption, _residuals(plots.predicted_and_actual))
    if plots.residuals is not None:
        caption = "Prediction less truth; the middle of it should be 0."
        yield drawn("errors", "Distribution of the errors", caption, _errors(plots.residuals))
    if plots.error_quantiles is not None:
        caption = "Which share of the rows has an error of at most that; dotted: half and nine of ten."
        yield drawn("quantiles", "Quantiles of the absolute error", caption, _quantiles(plots.error_quantiles))


def _predicted(points: Curve) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        low, high = min(*points.x, *points.y), max(*points.x, *points.y)
        axes.plot([low, high], [low, high], linestyle="--", color=MUTED, linewidth=1)
        axes.scatter(points.x, points.y, s=14, color=SERIES[0], alpha=0.6, linewidths=0)
        axes.set(xlabel="actual", ylabel="predicted")

    return draw


def _residuals(points: Curve) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        axes.axhline(0, linestyle="--", color=MUTED, linewidth=1)
        errors = [value - truth for truth, value in zip(points.x, points.y, strict=True)]
        axes.scatter(points.y, errors, s=14, color=SERIES[0], alpha=0.6, linewidths=0)
        axes.set(xlabel="predicted", ylabel="predicted less actual")

    return draw


def _errors(histogram: Histogram) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        axes.stairs(histogram.counts, histogram.edges, fill=True, color=SERIES[0], alpha=0.8)
        axes.axvline(0, linestyle="--", color=MUTED, linewidth=1)
        axes.set(xlabel="predicted less actual", ylabel="rows")

    return draw


def _quantiles(curve: Curve) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        axes.plot(curve.y, curve.x, color=SERIES[0])
        for share in (50, 90):
            error = curve.y[share * (len(curve.y) - 1) // 100]
            axes.plot([error, error, 0], [0, share / 100, share / 100], color=MUTED, linestyle=":", linewidth=1)
            axes.annotate(
                f"{share} %: {figure_told(error, 3)}", (error, share / 100), (6, -11), textcoords="offset points"
            )
        axes.set(xlabel="absolute error", ylabel="share of rows", ylim=(0, 1.02), xlim=(0, None))

    return draw


def _noise(report: GateReport) -> Iterator[Drawing]:
    curve = report.plots.noise
    judged = next(
        (one for one in report.results if one.section == "robustness" and one.name.endswith("deviations")), None
    )
    if curve is None or judged is None:
        return
    metric = judged.name.removeprefix("drop of ").split(" ", maxsplit=1)[0]

    def draw(axes: Axes) -> None:
        axes.plot(curve.x, curve.y, color=SERIES[0], marker="o", markersize=6)
        if judged.threshold is not None:
            sign = -1 if METRICS[metric].greater_is_better else 1
            falls = curve.y[0] + sign * judged.threshold
            axes.axhline(falls, linestyle="--", color=BAD, linewidth=1)
            axes.annotate("limit", (curve.x[-1], falls), (0, 3), textcoords="offset points", color=INK, ha="right")
        axes.set(xlabel="noise, in standard deviations of each column", ylabel=metric)

    yield drawn("noise", f"Robustness: {metric} under noise", "The dashed line is the most that may be lost.", draw)


def _latency(figures: LatencyFigures) -> Drawing:
    def draw(axes: Axes) -> None:
        histogram = figures.histogram
        axes.stairs(histogram.counts, histogram.edges, fill=True, color=SERIES[0], alpha=0.8)
        top = max(histogram.counts)
        for number, (name, value) in enumerate((("p50", figures.p50_ms), ("p99", figures.p99_ms))):
            axes.axvline(value, linestyle="--", color=INK, linewidth=1)
            axes.annotate(
                f"{name} {figure_told(value, 3)} ms",
                (value, top * (1.08 - 0.12 * number)),
                (4, 0),
                textcoords="offset points",
            )
        axes.set(xlabel="milliseconds", ylabel="requests", ylim=(0, top * 1.2))
        axes.margins(x=0.12)

    caption = f"{figures.requests:,} requests one after another, on the machine that packaged."
    return drawn(f"latency{figures.rows}", f"Latency of {rows_told(figures.rows)} a request", caption, draw)
