"""`load_test.json` is of the files that it was measured of, and of no others."""

from __future__ import annotations

import re

import pytest

from model_packaging.errors import InvalidPackageError
from model_packaging.load_test import content_sha256, read_load_test, write_load_test
from model_packaging.measurements import LoadTest
from model_packaging.release import ReleaseFile

FILES = (
    ReleaseFile(path="baseline/statistics.json", sha256="1" * 64, size_bytes=1),
    ReleaseFile(path="model/code/inference.py", sha256="2" * 64, size_bytes=1),
    ReleaseFile(path="model/model.onnx", sha256="3" * 64, size_bytes=1),
)
MEASURED = LoadTest(
    content_sha256=content_sha256(FILES), requests_per_second=40, p50_ms=5, p99_ms=80, p99_ms_wanted=100,
    concurrency=4, vcpus=2, machine="a processor",
)  # fmt: skip


def test_only_what_is_served_counts():
    assert content_sha256(FILES[1:]) == content_sha256(reversed(FILES))
    renamed = (FILES[2].model_copy(update={"path": "model/other.onnx"}), *FILES[:2])
    changed = (FILES[2].model_copy(update={"sha256": "4" * 64}), *FILES[:2])
    assert len({content_sha256(one) for one in (FILES, renamed, changed)}) == 3


def test_what_was_written_is_read(tmp_path):
    assert read_load_test(tmp_path, FILES) is None
    path = write_load_test(tmp_path, MEASURED)
    assert path == tmp_path / "load_test.json"
    assert read_load_test(tmp_path, FILES) == MEASURED
    assert [one.name for one in tmp_path.iterdir()] == ["load_test.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no load test: "),
        ("{}", "is no load test: content_sha256: Field required; "),
        (MEASURED.model_copy(update={"content_sha256": "0" * 64}).model_dump_json(),
         "content_sha256: was measured of other files than the model serves now; measure again (greenroom load-test "),
    ],
)  # fmt: skip
def test_a_load_test_of_other_files_is_refused_with_what_to_do(tmp_path, content, message):
    (tmp_path / "load_test.json").write_text(content)
    with pytest.raises(InvalidPackageError, match=re.escape(message)) as caught:
        read_load_test(tmp_path, FILES)
    assert str(caught.value).startswith(f"{tmp_path.as_posix()}/load_test.json: ")
    assert str(caught.value).endswith("or delete the file")
