"""A file's baseline is the one that `DataQualityBaseline.of` makes of the same columns, whatever the form and size."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import os
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_packaging.baseline import SKETCH_SIZE, DataQualityBaseline
from model_packaging.baselines import BaselineDataError, DatasetFormat, baseline_of_file
from model_packaging.baselines.csv_table import CsvTable
from model_packaging.baselines.streaming import Dataset
from model_packaging.baselines.table import TableFile

pl = pytest.importorskip("polars")

WHOLE = st.integers(-(2**40), 2**40)
FRACTIONS = st.floats(-1e9, 1e9).filter(lambda number: not number.is_integer())
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(
    lambda text: text == text.strip() and not _is_number(text)
)
KINDS = {"whole": WHOLE, "fraction": FRACTIONS, "text": TEXTS}


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


@st.composite
def tables(draw):
    count = draw(st.integers(1, 60))
    return {
        f"{kind}_{index}": draw(st.lists(st.none() | KINDS[kind], min_size=count, max_size=count))
        for index, kind in enumerate(draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=4)))
    }


def as_csv(columns, separator=",", encoding="utf-8", end="\n", quoting=csv.QUOTE_MINIMAL):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerow(columns)
    writer.writerows(zip(*[["" if one is None else one for one in cells] for cells in columns.values()], strict=True))
    return text.getvalue().encode(encoding)


def as_json_lines(columns):
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    return "".join(f"{json.dumps(dict(zip(names, row, strict=True)))}\n" for row in rows).encode()


def as_parquet(columns):
    buffer = io.BytesIO()
    pl.DataFrame(columns, strict=False).write_parquet(buffer)
    return buffer.getvalue()


FORMS = {"csv": as_csv, "json_lines": as_json_lines, "parquet": as_parquet}


@pytest.fixture
def made(tmp_path):
    """The baseline of bytes."""

    def make(content, name="data", **how):
        path = tmp_path / name
        path.write_bytes(content)
        return baseline_of_file(path, **how)

    return make


def wrong(make, content, **how):
    """Where and what is told of bytes that have no baseline."""
    with pytest.raises(BaselineDataError) as raised:
        make(content, **how)
    return [(one.line, one.path, one.message) for one in raised.value.violations]


@pytest.mark.slow
@pytest.mark.parametrize("form", sorted(FORMS))
@settings(max_examples=30, deadline=None)
@given(columns=tables())
def test_a_small_file_has_the_very_baseline_of_its_columns(tmp_path_factory, form, columns):
    path = tmp_path_factory.mktemp("data") / "rows"
    path.write_bytes(FORMS[form](columns))
    assert baseline_of_file(path) == DataQualityBaseline.of(columns)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(rows=st.integers(SKETCH_SIZE - 5, 4 * SKETCH_SIZE), block=st.integers(500, 20_000), seed=st.integers(0, 2**32))
def test_many_blocks_have_the_baseline_of_one_list(tmp_path_factory, rows, block, seed):
    chance = random.Random(seed)
    columns: dict[str, Any] = {
        "fraction": [chance.gauss(0, 1000) for _ in range(rows)],
        "whole": [chance.randrange(-50, 5000) for _ in range(rows)],
        "text": [chance.choice(("oslo", "rome", 'a "big"\ncity')) for _ in range(rows)],
    }
    path = tmp_path_factory.mktemp("data") / "rows.csv"
    path.write_bytes(as_csv(columns))
    dataset = Dataset(path, "rows.csv")
    table = CsvTable(
        TableFile(path, "rows.csv", dataset.dataset_format.recognised(path, "rows.csv"), block_bytes=block)
    )
    found = read_through(dataset, table)
    wanted = DataQualityBaseline.of(columns)
    assert found.constraints == wanted.constraints
    for feature, other in zip(found.statistics["features"], wanted.statistics["features"], strict=True):
        numbers, others = feature.pop("numerical_statistics", None), other.pop("numerical_statistics", None)
        assert feature == other
        if numbers is not None:
            for name in ("sum", "mean", "std_dev"):
                assert math.isclose(numbers.pop(name), others.pop(name), rel_tol=1e-9, abs_tol=1e-9)
            assert numbers == others


def read_through(dataset, table):
    from model_packaging.baselines import streaming

    class Opened(Dataset):
        def table(self, *, progress=None):
            return table

    return streaming.read_dataset(Opened(dataset.path, dataset.shown)).baseline


@pytest.mark.parametrize(
    ("content", "how"),
    [
        (as_csv({"a": [1, 2], "b": ["x", "y, z"]}, end="\r\n"), {}),
        (as_csv({"a": [1, 2], "b": ["x", "y, z"]}, encoding="utf-8-sig"), {}),
        (as_csv({"a": [1, 2], "b": ["x", "y, z"]}, encoding="utf-16"), {}),
        (as_csv({"a": [1, 2], "b": ["x", "y, z"]}, quoting=csv.QUOTE_ALL) + b"\n\n", {}),
        (b'1,x\n2,"y, z"', {"dataset_format": DatasetFormat(header=False), "columns": ["a", "b"]}),
        (b" a ;b\n 1;x\n2 ;y, z\n", {"dataset_format": DatasetFormat(separator=";")}),
        (b'{"a": 1, "b": "x"}\n\n{"b": "y, z", "a": 2}', {}),
    ],
    ids=["crlf", "utf-8 mark", "utf-16", "all quoted", "no header", "semicolons and blanks", "json lines"],
)  # fmt: skip
def test_the_same_rows_in_other_clothes_have_the_same_baseline(made, content, how):
    assert made(content, **how) == DataQualityBaseline.of({"a": [1, 2], "b": ["x", "y, z"]})


def test_another_encoding_is_read_when_it_is_said(made):
    content = as_csv({"city": ["Köln", "Århus"], "n": [1, 2]}, encoding="cp1252")
    assert wrong(made, content) == [(2, "", "byte 0xf6 is not utf-8")]
    wanted = DataQualityBaseline.of({"city": ["Köln", "Århus"], "n": [1, 2]})
    assert made(content, dataset_format=DatasetFormat(encoding="cp1252")) == wanted


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"x,y\n1,a\n2,b\n", "Integral"),
        (b"x,y\n1.0,a\n2,b\n", "Fractional"),
        (b"x,y\n1e3,a\n2,b\n", "Fractional"),
        (b"x,y\n+1,a\n-02,b\n", "Integral"),
        (b"x,y\n,a\n,b\n", "Unknown"),
        (b"x,y\ntrue,a\nfalse,b\n", "String"),
        (as_parquet({"x": [1.0, 2.0], "y": ["a", "b"]}), "Fractional"),
        (as_parquet({"x": [True, False], "y": ["a", "b"]}), "Integral"),
        (as_parquet({"x": ["1", "2"], "y": ["a", "b"]}), "String"),
        (b'{"x": 1.0, "y": "a"}\n{"x": 2, "y": "b"}\n', "Fractional"),
        (b'{"x": "1", "y": "a"}\n{"x": "b", "y": "b"}\n', "String"),
    ],
)
def test_types_are_those_of_the_container(made, content, kind):
    """awslabs/deequ, analyzers/DataType.scala: by how a value is written."""
    assert made(content).constraints["features"][0]["inferred_type"] == kind


def test_a_type_may_be_said(made):
    feature, other = made(b"code,n\n007,1\nA1,2\n", types={"code": "String", "n": "Fractional"}).constraints["features"]
    assert feature == {
        "name": "code",
        "inferred_type": "String",
        "completeness": 1.0,
        "string_constraints": {"domains": ["007", "A1"]},
    }
    assert other["inferred_type"] == "Fractional"


def test_what_stands_for_a_missing_value_may_be_said(made):
    how = {"dataset_format": DatasetFormat(missing=("NA", "?"))}
    found = made(b"x,y\nNA,a\n2,?\n", **how)
    assert found == DataQualityBaseline.of({"x": [None, 2], "y": ["a", None]})


def test_answers_come_before_the_requests_columns(made):
    found = made(
        b"label,age,height\n1,30,1.8\n0,40,1.7\n",
        leave_out=["label"],
        columns=["height", "age"],
        outputs={"probability": [0.9, 0.1]},
    )
    assert found == DataQualityBaseline.of({"probability": [0.9, 0.1], "height": [1.8, 1.7], "age": [30, 40]})


@pytest.mark.parametrize(
    ("content", "how", "told"),
    [
        (b"", {}, [(None, "", "is empty: it has no rows")]),
        (b"a,b\n", {}, [(None, "", "has no rows")]),
        (b"a,b\n1,2\n3\n4,5,6\n", {}, [(3, "", "has 1 field, the header 2"), (4, "", "has 3 fields, the header 2")]),
        (b'a,b\n"1\n1",2\n3\n', {"types": {"a": "String"}}, [(4, "", "has 1 field, the header 2")]),
        (b'a,b\n1,2\n"3,4\n5,6\n', {}, [(3, "", "a quote is never closed: what follows it reads as one field")]),
        (b"1,2\n3,4\n", {}, [(1, "", "the first line holds numbers only (1, 2, …), and is no header")]),
        (b"a,a\n1,2\n", {}, [(1, "", "the header names twice: a")]),
        (b"a,b\n1,2\n", {"columns": ["c", "a"]}, [(None, "columns", "there is no column 'c'")]),
        (
            b"a,b\n1,2\nx,3\n5,4\n?,5\n6,6\n",
            {},
            [(3, "a", "mixes 3 numbers and 2 texts; of the 2 texts: 'x' in line 3, '?' in line 5")],
        ),
        (
            b'{"a": 1}\n{"a": "x"}\n{"a": 3}\n',
            {},
            [(2, "a", "mixes 2 numbers and 1 texts; of the 1 texts: 'x' in line 2")],
        ),
        (b"a,b\n1,2\nnan,3\n", {}, [(3, "a", "holds 1 number that is not finite: nan in line 3")]),
        (
            as_parquet({"a": [1.0, math.inf, math.nan]}),
            {},
            [(None, "a", "holds 2 numbers that are not finite: inf in row 2, nan in row 3")],
        ),
        (b'{"a": 1}\n{"a": }\n[1]\n', {}, [
            (2, "", "is not JSON: Expecting value: line 1 column 7 (char 6)"),
            (3, "", "holds list, not an object"),
        ]),
        (b'{"a": {"b": 1}}\n', {}, [(None, "a", "holds Struct({'b': Int64}); a monitor reads flat columns of numbers and text")]),
        (b"a,b\n1.5,2\n", {"types": {"a": "Integral"}}, [(None, "a", "is said to be Integral, and holds fractional numbers")]),
        (b"a,b\n1,2\n\n3,4\n", {}, [(3, "", "has 1 field, the header 2")]),
        (b"\n\n", {}, [(1, "", "begins with an empty line, and no header")]),
        (b"a,b\r1,2\r3,4\r", {}, [(None, "", "ends its lines with carriage returns")]),
        (b"a;b\n1;2\n", {}, [(1, "", "the header is one column, 'a;b': its fields are not between ','")]),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), {}, [(None, "", "is compressed by gzip")]),
        (b"PK\x03\x04", {}, [(None, "", "is a ZIP archive, or an Excel workbook")]),
        (b' [\n {"a": 1}]', {}, [(None, "", "is a JSON array")]),
        (b"a,b\n1e308,2\n-1e308,3\n", {}, [(None, "a", "its numbers are too large: their sum or spread is infinite")]),
        (b"a,b\n1e308,2\n1.5e308,3\n", {}, [(None, "a", "its numbers are too large: their sum or spread is infinite")]),
        (b"a,b\n1,2\n", {"outputs": {"p": [1, 2], "a": [1]}}, [
            (None, "p", "2 answers for 1 rows"),
            (None, "a", "is an answer's name and a column's, too"),
        ]),
    ],
)  # fmt: skip
def test_data_that_has_no_baseline_is_told_with_its_lines(made, content, how, told):
    assert wrong(made, content, **how) == told


@pytest.mark.parametrize("kept", [6, 100, -1])
def test_a_parquet_file_that_is_cut_off_is_told(made, kept):
    content = as_parquet({"a": list(range(1000))})
    ((line, _, message),) = wrong(made, content[:kept])
    assert (line, message.partition(":")[0]) == (None, "is cut off")


def test_a_parquet_file_that_is_damaged_is_told(made):
    content = as_parquet({"a": list(range(1000))})
    ((line, _, message),) = wrong(made, content[: len(content) // 4] + b"\0" * 40 + content[-40:])
    assert (line, message.partition(":")[0]) == (None, "is damaged")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BaselineDataError, match="cannot be read: No such file"):
        baseline_of_file(tmp_path / "none.csv")


def test_a_pipe_is_told_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "rows.csv")
    with pytest.raises(BaselineDataError, match="is a pipe or a device, and the data is read more than once; write it"):
        baseline_of_file(tmp_path / "rows.csv")


def test_no_number_is_missing_however_it_is_written_where_it_is_named(made):
    found = made(b"x\n1\nNaN\nnan\n", dataset_format=DatasetFormat(missing=("NaN",)))
    assert found == DataQualityBaseline.of({"x": [1, None, None]})


def test_the_separator_is_told_by_its_name_in_yaml(tmp_path):
    (tmp_path / "rows.tsv").write_text("a\tb\n1\t2\n")
    with pytest.raises(BaselineDataError, match=r'say `format: \{separator: "\\t"\}` in baseline.yaml'):
        baseline_of_file(tmp_path / "rows.tsv")


def test_progress_tells_of_both_readings(made):
    told = []
    made(b"a,b\n1,2\n", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (8, 8)


def test_a_long_text_in_quotes_is_one_field(made):
    text = "long, " * 50_000
    assert made(as_csv({"a": [1, 2], "b": [text, "x"]})) == DataQualityBaseline.of({"a": [1, 2], "b": [text, "x"]})


def test_quotes_in_the_wrong_place_are_told_or_read(made):
    """What Polars makes of them differs by version; an error of its own it never is."""
    for content in (b'a,b\n1,x"y"z\n', b'a,b\n1,"x"y\n', b'a,b\n1,"x""\n2,"z"\n'):
        try:
            made(content)
        except BaselineDataError as error:
            assert error.violations[0].line is not None  # noqa: PT017
