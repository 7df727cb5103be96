"""`render_page`: a report as one HTML file that a person reads: what came of it first, then why, then everything.

No script, no address of anything: the file is all there is, on a screen in light or dark, on paper, read out. The same
report gives the same bytes with the same version of matplotlib.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from model_packaging.gate.drawing import Drawing
from model_packaging.gate.metric_table import METRICS
from model_packaging.gate.page_style import STYLE
from model_packaging.gate.plots import drawings
from model_packaging.gate.report import GateReport, GateResult
from model_packaging.gate.report_table import demanded_told, figure_told, margin_told, measured_told, title

VERDICTS = {"passed": "✓ passed", "failed": "✗ failed", "not_judged": "- not judged"}

SECTIONS = {
    "answers": "Answers",
    "metrics": "Metrics on the test rows",
    "deployed": "Beside the deployed release",
    "overfitting": "Overfitting",
    "slices": "The worst slice",
    "calibration": "Calibration",
    "robustness": "Robustness",
    "fairness": "Fairness",
    "latency": "Latency on the machine that packaged",
    "size": "Size",
}

TASKS = {
    "binary": "binary classification",
    "multiclass": "classification",
    "regression": "regression",
    "free_form": "free form",
}


def render_page(report: GateReport) -> bytes:
    """The report as an HTML document."""
    verdict = "passed" if report.passed else "failed"
    heading = f"{report.model} {report.version}: gate {verdict}"
    body = "".join(
        (
            _head(report, verdict),
            _tiles(report),
            _why(report.failures),
            "<h2>What was demanded</h2>",
            _demands(report.results),
            _plots(drawings(report)),
            _all_figures(report),
            _provenance(report),
        )
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(heading)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    ).encode()


def _head(report: GateReport, verdict: str) -> str:
    return (
        f"<header><div><h1>{escape(report.model)} {escape(report.version)}</h1>"
        f'<p class="muted">Quality gate of a packaged model · {TASKS[report.task]}<br>'
        f"<code>{escape(report.release)}</code></p></div>"
        f'<p class="badge {verdict}" role="status">{VERDICTS[verdict]}</p></header>\n'
    )


def _tiles(report: GateReport) -> str:
    judged = [one for one in report.results if one.verdict != "not_judged"]
    passed = sum(one.passed for one in judged)
    tiles = [("demands met", f"{passed} <small>of {len(judged)}</small>")]
    idle = len(report.results) - len(judged)
    if idle:
        tiles.append(("not judged", str(idle)))
    if "test" in report.data:
        tiles.append(("test rows", f"{report.data['test'].rows:,}"))
    shown = [one for one in report.results if one.section == "metrics" and one.measured is not None]
    told: dict[str, str] = {one.name: figure_told(one.measured) for one in shown if one.measured is not None}
    tiles += [(escape(name), value) for name, value in list(told.items())[:4]]
    inside = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in tiles)
    return f'<dl class="tiles">{inside}</dl>\n'


def _why(failures: Sequence[GateResult]) -> str:
    if not failures:
        return ""
    items = "".join(f"<li>{_reason(one)}</li>" for one in failures)
    return f'<section class="card why"><h3 class="failed">Why it failed</h3><ul>{items}</ul></section>\n'


def _reason(result: GateResult) -> str:
    name = f"<strong>{escape(title(result))}</strong>"
    more = f' <span class="muted">({escape(result.told)})</span>' if result.told else ""
    if result.measured is None:
        return f"{name}: {escape(result.told)}"
    told = f"is {measured_told(result)}, demanded {demanded_told(result)}: {margin_told(result)}"
    return f"{name} {escape(told)}{more}"


def _demands(results: Sequence[GateResult]) -> str:
    head = (
        '<th scope="col">Result</th><th scope="col">What</th><th scope="col" class="number">Measured</th>'
        '<th scope="col" class="number">Demanded</th><th scope="col" class="number">Margin</th>'
        '<th scope="col" class="number">Rows</th>'
    )
    body = "".join(_rows(results))
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>\n'


def _rows(results: Sequence[GateResult]) -> Iterator[str]:
    for section, heading in SECTIONS.items():
        of_section = [one for one in results if one.section == section]
        if of_section:
            yield f'<tr class="section"><th colspan="6" scope="rowgroup">{heading}</th></tr>'
        yield from map(_row, of_section)


def _row(one: GateResult) -> str:
    told = f"<small>{escape(one.told)}</small>" if one.told else ""
    interval = ""
    measured = measured_told(one.model_copy(update={"interval": None}))
    if one.interval is not None:
        low, high = figure_told(one.interval.low), figure_told(one.interval.high)
        interval = f"<small>{one.interval.level:.0%}: {low} to {high}</small>"
    rows = "" if one.rows is None else f"{one.rows:,}"
    failed = ' class="failed-row"' if one.verdict == "failed" else ""
    return (
        f'<tr{failed}><td class="verdict {one.verdict}">{VERDICTS[one.verdict]}</td>'
        f'<th scope="row">{escape(one.name)}{told}</th><td class="number">{escape(measured)}{interval}</td>'
        f'<td class="number">{escape(demanded_told(one))}</td><td class="number">{escape(margin_told(one))}</td>'
        f'<td class="number">{rows}</td></tr>'
    )


def _plots(drawn: Sequence[Drawing]) -> str:
    if not drawn:
        return ""
    return f'<h2>Plots</h2>\n<div class="plots">{"".join(map(_figure, drawn))}</div>\n'


def _figure(one: Drawing) -> str:
    return (
        f'<figure><h3 id="{one.name}">{escape(one.title)}</h3>{one.svg}'
        f"<figcaption>{escape(one.caption)}</figcaption></figure>\n"
    )


def _all_figures(report: GateReport) -> str:
    tables = [*_data_table(report), *_slice_table(report), *_group_tables(report), *_latency_table(report)]
    if not tables:
        return ""
    return f'<h2>All figures</h2>\n<div class="stack">{"".join(tables)}</div>\n'


def _table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col"{_numeric(place)}>{escape(column)}</th>' for place, column in enumerate(columns))
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{_numeric(place)}>{escape(cell)}</td>" if place else f'<th scope="row">{escape(cell)}</th>'
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _numeric(place: int) -> str:
    return ' class="number"' if place else ""


def _data_table(report: GateReport) -> Iterator[str]:
    if not report.data:
        return
    names = list(report.data)
    metrics = dict.fromkeys(metric for one in report.data.values() for metric in one.metrics)
    deployed = report.deployed.metrics if report.deployed is not None else None
    columns = ["metric", *(f"{name} ({report.data[name].rows:,} rows)" for name in names)]
    columns += [] if deployed is None else ["deployed"]
    rows = [
        [
            f"{metric}: {METRICS[metric].said}",
            *(_told(report.data[name].metrics.get(metric)) for name in names),
            *([] if deployed is None else [_told(deployed.get(metric))]),
        ]
        for metric in metrics
    ]
    yield _table("Every metric, asked for or not", columns, rows)


def _told(value: float | None) -> str:
    return "" if value is None else figure_told(value)


def _slice_table(report: GateReport) -> Iterator[str]:
    if not report.slices:
        return
    metrics = list(dict.fromkeys(metric for one in report.slices for metric in one.metrics))
    rows = [
        [one.name, f"{one.rows:,}", "yes" if one.judged else "no", *(_told(one.metrics.get(name)) for name in metrics)]
        for one in report.slices
    ]
    yield _table("Slices", ["slice", "rows", "judged", *metrics], rows)


def _group_tables(report: GateReport) -> Iterator[str]:
    for one in report.groups:
        figures = list(dict.fromkeys(name for group in one.groups.values() for name in group))
        rows = [[name, *(_told(group.get(figure)) for figure in figures)] for name, group in one.groups.items()]
        yield _table(f"Groups of {one.column}", ["group", *(name.replace("_", " ") for name in figures)], rows)


def _latency_table(report: GateReport) -> Iterator[str]:
    if report.latency:
        rows = [
            [f"{one.rows:,}", f"{one.requests:,}", *(_told(value) for value in (one.p50_ms, one.p99_ms, one.mean_ms))]
            for one in report.latency
        ]
        columns = ["rows in a request", "requests", "p50 ms", "p99 ms", "mean ms"]
        yield _table("Latency, one request after another", columns, rows)


def _provenance(report: GateReport) -> str:
    facts = [("release", report.release), ("gate.yaml and its data", f"sha256:{report.gate_sha256}")]
    facts += [(f"{name} rows", f"sha256:{one.sha256}") for name, one in report.data.items()]
    if report.deployed is not None:
        facts.append(("compared with", f"{report.deployed.version} {report.deployed.digest}"))
    facts.append(("measured with", ", ".join(f"{name} {version}" for name, version in report.tools.items())))
    inside = "".join(f"<dt>{escape(name)}</dt><dd><code>{escape(value)}</code></dd>" for name, value in facts)
    return (
        '<h2>What this is of</h2>\n<div class="card"><p>Measured on the packaged model, through its serving process: '
        f'every figure is of answers to <code>POST /invocations</code>.</p><dl class="facts">{inside}</dl></div>\n'
    )
