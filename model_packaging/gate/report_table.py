"""A report in the words of a terminal: one table of what was demanded and measured; a failure tells by how much."""

from __future__ import annotations

from collections.abc import Sequence

from model_packaging.gate.report import GateReport, GateResult

COLUMNS = ("", "what", "measured", "demanded", "by", "rows")
SIGNS = {"at_least": "≥", "at_most": "≤"}
MARKS = {"passed": "✓", "failed": "✗", "not_judged": "-"}
SIGNIFICANT_DIGITS = 4


def failure_message(report: GateReport) -> str:
    """What failed, in a table, and by how much."""
    failures = report.failures
    judged = sum(one.verdict != "not_judged" for one in report.results)
    model = f"{report.model} {report.version} ({report.release[:19]}…)"
    head = f"{model} did not pass its gate: {len(failures)} of {judged} demands failed"
    told = [f"  {title(one)}: {one.told}" for one in failures if one.told]
    return "\n".join([head, *(f"  {line}" for line in table(failures)), *told])


def table(results: Sequence[GateResult]) -> list[str]:
    """The lines of the table, aligned."""
    rows = [COLUMNS, *(cells(one) for one in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def cells(result: GateResult) -> tuple[str, ...]:
    """One result: mark, what, measured, demanded, by how much, rows."""
    return (
        MARKS[result.verdict],
        title(result),
        measured_told(result),
        demanded_told(result),
        margin_told(result),
        "" if result.rows is None else f"{result.rows:,}",
    )


def title(result: GateResult) -> str:
    """`roc_auc`, or with the section in front of it where the name does not say it."""
    return result.name if result.section == "metrics" else f"{result.section}: {result.name}"


def measured_told(result: GateResult) -> str:
    """The figure, with its interval."""
    if result.measured is None:
        return "all" if result.section == "answers" and result.passed else "none"
    told = figure_told(result.measured, _digits(result)) + (f" {result.unit}" if result.unit else "")
    if result.interval is None:
        return told
    low, high = (figure_told(one, _digits(result)) for one in (result.interval.low, result.interval.high))
    return f"{told} ({low} to {high})"


def demanded_told(result: GateResult) -> str:
    """`≥ 0.95`."""
    if result.threshold is None or result.comparison is None:
        return ""
    unit = f" {result.unit}" if result.unit else ""
    return f"{SIGNS[result.comparison]} {figure_told(result.threshold, _digits(result))}{unit}"


def margin_told(result: GateResult) -> str:
    """`missed by 0.012`, or by how much it passed."""
    if result.margin is None:
        return ""
    unit = f" {result.unit}" if result.unit else ""
    told = figure_told(abs(result.margin), SIGNIFICANT_DIGITS)
    return f"missed by {told}{unit}" if result.margin < 0 else f"+{told}{unit}"


def rows_told(rows: int) -> str:
    """`1 row`, `100 rows`."""
    return "1 row" if rows == 1 else f"{rows:,} rows"


def figure_told(value: float, digits: int = SIGNIFICANT_DIGITS) -> str:
    """A figure in so many significant digits: `0.9812`, `1,204`, `3.2e-07`."""
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}" if abs(value) >= 10**digits or float(value).is_integer() else f"{value:,.1f}"
    return f"{value:.{digits}g}"


def _digits(result: GateResult) -> int:
    """As many as it takes to tell the figure from its threshold."""
    if result.measured is None or result.threshold is None or result.measured == result.threshold:
        return SIGNIFICANT_DIGITS
    digits = SIGNIFICANT_DIGITS
    while digits < 12 and figure_told(result.measured, digits) == figure_told(result.threshold, digits):
        digits += 1
    return digits
