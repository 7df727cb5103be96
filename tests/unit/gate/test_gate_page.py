"""The page of a report: one file that loads nothing, says what came of it first, and is the same bytes each time."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

import pytest

from model_packaging.gate import render_page
from model_packaging.gate.report import (
    CalibrationBin,
    Confusion,
    Curve,
    DataFigures,
    DeployedFigures,
    GateReport,
    GateResult,
    GroupFigures,
    Histogram,
    LatencyFigures,
    Plots,
    SliceFigures,
    failed,
    judged,
    not_judged,
)

pytestmark = pytest.mark.slow  # matplotlib takes a second to import

HISTOGRAM = Histogram(edges=(0.0, 0.5, 1.0), counts=(3, 4))
CLASSIFICATION = Plots(
    roc={"yes": Curve(x=(0, 0.2, 1), y=(0, 0.9, 1))},
    precision_recall={"yes": Curve(x=(0, 0.5, 1), y=(1, 0.9, 0.5))},
    calibration=(CalibrationBin(mean_probability=0.2, positive_share=0.1, rows=5),),
    confusion=Confusion(labels=("no", "yes"), counts=((3, 1), (0, 4))),
    scores={"no": HISTOGRAM, "yes": HISTOGRAM},
    noise=Curve(x=(0, 0.1, 0.2), y=(0.9, 0.89, 0.8)),
)
REGRESSION = Plots(
    predicted_and_actual=Curve(x=(1, 2, 3), y=(1.1, 2.2, 2.9)),
    error_quantiles=Curve(x=tuple(one / 100 for one in range(101)), y=tuple(one / 50 for one in range(101))),
    residuals=HISTOGRAM,
)


def report(*results: GateResult, plots: Plots = CLASSIFICATION, **fields: object) -> GateReport:
    return GateReport.model_validate(
        {
            "model": "tumor",
            "version": "1.2.0",
            "release": f"sha256:{'a' * 64}",
            "gate_sha256": "b" * 64,
            "task": "binary",
            "results": results,
            "plots": plots,
            "data": {"test": DataFigures(rows=8, sha256="c" * 64, metrics={"roc_auc": 0.93, "accuracy": 0.875})},
            **fields,
        }
    )


PASSED = judged("metrics", "roc_auc", 0.93, "at_least", 0.9, rows=8)
FAILED = judged("slices", "accuracy of <b>north</b>", 0.7, "at_least", 0.8, rows=40, told="the worst of 2 slices")
NOISE = judged("robustness", "drop of roc_auc with noise of 0.1 standard deviations", 0.01, "at_most", 0.05)
EVERYTHING = report(
    PASSED,
    FAILED,
    NOISE,
    failed("answers", "the 8 test rows", "row 3: the score is nan"),
    not_judged("deployed", "roc_auc", "nothing is deployed to compare with"),
    slices=(
        SliceFigures(name="<b>north</b>", rows=40, judged=True, metrics={"accuracy": 0.7}),
        SliceFigures(name="south", rows=3, judged=False, metrics={"accuracy": 0.5}),
    ),
    groups=(
        GroupFigures(
            column="sex",
            groups={"a": {"rows": 4, "selection_rate": 0.5}, "b": {"rows": 4, "selection_rate": 0.25, "recall": 1}},
        ),
    ),
    latency=(LatencyFigures(rows=1, requests=7, p50_ms=2, p99_ms=9, mean_ms=3, histogram=HISTOGRAM),),
    deployed=DeployedFigures(
        model="tumor", version="1.1.0", digest=f"sha256:{'d' * 64}", same_rows=True, metrics={"roc_auc": 0.9}
    ),
)
REPORTS = {
    "everything": EVERYTHING,
    "regression": report(PASSED, plots=REGRESSION, task="regression"),
    "nothing to draw": report(PASSED, plots=Plots(), task="free_form", data={}),
}


@cache
def page_of(name: str) -> bytes:
    """The page of one of `PAGES`, drawn once: a plot takes a tenth of a second."""
    return render_page(REPORTS[name])


class Document(HTMLParser):
    """What a page holds, and whether its elements are closed in order."""

    VOID = frozenset({"meta", "br", "hr", "img", "input", "link"})

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labelled: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.labelled += [str(given["aria-labelledby"])] if "aria-labelledby" in given else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_loads_nothing_and_runs_nothing(name: str) -> None:
    page = page_of(name)
    text = page.decode()
    assert "://" not in text
    assert 'src="' not in text
    assert "@import" not in text
    assert "url(" not in text.replace("url(#", "")
    assert Document(page).tags.isdisjoint({"script", "link", "img", "iframe", "object", "form"})


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_is_whole_and_names_each_thing_once(name: str) -> None:
    document = Document(page_of(name))
    assert document.open == []
    assert len(document.ids) == len(set(document.ids))
    assert set(document.labelled) <= set(document.ids)


@pytest.mark.parametrize("name", REPORTS)
def test_the_same_report_is_the_same_page_also_from_its_json(name: str) -> None:
    assert render_page(GateReport.from_json(REPORTS[name].to_json())) == page_of(name)


def test_a_page_says_what_came_of_it_why_and_by_how_much() -> None:
    text = Document(page_of("everything")).text
    assert "✗ failed" in text
    assert "Why it failed" in text
    assert "slices: accuracy of <b>north</b> is 0.7, demanded ≥ 0.8: missed by 0.1 (the worst of 2 slices)" in text
    assert "answers: the 8 test rows: row 3: the score is nan" in text
    assert "nothing is deployed to compare with" in text
    assert "✓ passed" in Document(page_of("nothing to draw")).text
    assert "Why it failed" not in Document(page_of("nothing to draw")).text


def test_names_from_the_data_are_text_and_no_markup() -> None:
    assert b"<b>north" not in page_of("everything")


def test_every_figure_has_a_title_a_caption_and_the_colours_of_the_page() -> None:
    text = page_of("everything").decode()
    drawn = text.count("<svg")
    assert drawn == text.count("<figcaption>") == text.count('role="img"') == 10
    assert "var(--series-1)" in text
    assert "#0707" not in text
    assert "#0101" not in text
