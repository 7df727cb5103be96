"""A container that keeps the contract passes; each that breaks a promise is told which, with what it did instead."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from model_packaging.contract import (
    ContractFailedError,
    ContractReport,
    SampleRequest,
    ServedRelease,
    check_contract,
    sample_requests,
)
from model_packaging.errors import PackagingFailure
from model_packaging.release import Release, Sample, sealed
from model_packaging.serving.usage import processes_of
from tests.unit.manifests import SERVING_IMAGE, manifest

pytestmark = pytest.mark.slow

SAMPLE = SampleRequest("rows.csv", b"1,2,3\n4,5,6\n", "text/csv")

GOOD = """
    import json
    from werkzeug import Response

    def model_fn(model_dir): return 0.5

    def transform_fn(model, body, content_type, accept):
        if content_type not in ("text/csv", "application/json"):
            return Response("send text/csv", status=415)
        try:
            rows = json.loads(body) if content_type == "application/json" else [
                [float(one) for one in line.split(",")] for line in body.split()]
            if not rows or any(len(row) != 3 for row in rows):
                return Response("a row has 3 numbers", status=400)
        except (TypeError, ValueError) as error:
            return Response(f"not numbers: {error}", status=400)
        return ANSWER

    ANSWER = "0.5"
"""

Build = Callable[..., ServedRelease]


@pytest.fixture
def build(tmp_path) -> Build:
    def build(code: str = GOOD, *extra: str, **environment: str) -> ServedRelease:
        (tmp_path / "model" / "code").mkdir(parents=True)
        text = "\n".join(textwrap.dedent(part) for part in (code, *extra))
        (tmp_path / "model" / "code" / "inference.py").write_text(text)
        return ServedRelease(tmp_path, release_of(environment))

    return build


def release_of(environment: dict[str, str]) -> Release:
    rows = {"name": "rows", "dtype": "float32", "shape": [None, 3]}
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2"
    return sealed(
        manifest(
            name="rows",
            signature={"inputs": [rows], "outputs": [rows]},
            serving_image=SERVING_IMAGE | {"uris": {"us-east-1": image}},
            environment=environment,
            content_types=("text/csv", "application/json"),
        )
    )


def report_of(served: ServedRelease, **settings: object) -> ContractReport:
    settings = {"startup_timeout_seconds": 30.0, "stop_timeout_seconds": 2.0, "concurrency": 4} | settings
    return check_contract(served, [SAMPLE], **settings)  # type: ignore[arg-type]


def failures_of(served: ServedRelease, **settings: object) -> dict[str, str]:
    with pytest.raises(ContractFailedError) as caught:
        report_of(served, **settings)
    assert isinstance(caught.value, PackagingFailure)
    for check in caught.value.report.failures:
        assert f"{check.name}: {check.seen}; must be: {check.limit}" in str(caught.value)
    return {check.name: check.seen for check in caught.value.report.failures}


def test_a_container_that_keeps_the_contract_passes(build, tmp_path):
    told: list[str] = []
    report = report_of(build(), memory_limit_mib=4096, workers=2, narrate=lambda check: told.append(check.name))
    assert [check.status for check in report.checks] == ["passed"] * len(told)
    assert told == [
        "model folder", "ping", "sample rows.csv", "unknown Accept", "unknown Content-Type",
        "malformed text/csv: empty", "malformed text/csv: not UTF-8", "malformed text/csv: a column too few",
        "malformed text/csv: as large as an endpoint takes",
        "malformed application/json: empty", "malformed application/json: not UTF-8",
        "malformed application/json: null", "malformed application/json: as large as an endpoint takes",
        "concurrent requests", "memory", "SIGTERM", "model folder unchanged",
    ]  # fmt: skip
    assert (report.passed, report.workers, report.memory_limit_mib) == (True, 2, 4096)
    assert report.startup_seconds is not None
    assert report.peak_memory_mib is not None
    assert 10 < report.peak_memory_mib < 4096
    assert ContractReport.model_validate_json(report.to_json()) == report
    assert json.loads(report.to_json())["checks"][1]["source"].startswith("https://docs.aws.amazon.com/")


def test_the_memory_of_workers_that_do_not_run_here_is_reckoned(build):
    served = build()
    few, many = (report_of(served, workers=workers) for workers in (2, 64))
    assert few.peak_memory_mib is not None
    assert many.peak_memory_mib is not None
    assert many.peak_memory_mib > 10 * few.peak_memory_mib
    assert "64 workers" in failures_of(served, workers=64, memory_limit_mib=512)["memory"]


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ("ANSWER = 'nan', 'text/csv'", "200, and the answer holds nan"),
        ("ANSWER = '[NaN]', 'application/json'", "200, and the answer holds NaN"),
        ("ANSWER = ''", "200, and the answer is empty"),
        ("ANSWER = '{', 'application/json'", "200, and the answer says it is application/json, and is not: "),
        ("ANSWER = Response('no such column', status=400)", "400 Bad Request: no such column"),
    ],
)
def test_an_answer_that_is_none_fails_its_sample(build, answer, seen):
    failures = failures_of(build(GOOD, answer))
    assert failures["sample rows.csv"].startswith(seen)


def test_a_container_that_answers_500_shows_its_traceback(build):
    code = """
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept): raise KeyError("column seven")
    """
    with pytest.raises(ContractFailedError) as caught:
        report_of(build(code))
    by_name = {check.name: check for check in caught.value.report.checks}
    assert by_name["sample rows.csv"].seen == "500 Internal Server Error: KeyError: 'column seven'"
    assert by_name["unknown Content-Type"].status == "failed"
    assert by_name["malformed application/json: null"].status == "failed"
    assert by_name["concurrent requests"].status == "skipped"
    assert "Traceback (most recent call last)" in caught.value.log
    assert caught.value.log.count("POST /invocations 500") == 1
    assert "  the container's log of the first of them:\n    Traceback" in str(caught.value)


def test_an_exception_for_the_callers_mistake_is_a_500_in_the_scikit_learn_container(build):
    code = """
        from werkzeug.exceptions import BadRequest
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept):
            if body != "1,2,3\\n4,5,6\\n" or content_type != "text/csv": raise BadRequest("no")
            return "1", "text/csv"
    """
    failures = failures_of(build(code))
    assert failures["malformed text/csv: empty"] == "500 Internal Server Error: BadRequest: 400 Bad Request: no"


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("import time\ndef model_fn(model_dir): time.sleep(60)", "GET /ping did not answer 200 in time"),
        ("def model_fn(model_dir): raise OSError('weights are gone')", "it ended with exit status 3"),
        ("def model_fn(", "it ended with exit status 3"),
    ],
)
def test_a_container_that_never_answers_ping_fails_at_once(build, code, seen):
    began = time.monotonic()
    failures = failures_of(build(code), startup_timeout_seconds=1.0)
    assert time.monotonic() - began < 20
    assert list(failures) == ["ping"]
    assert failures["ping"].startswith(seen)


def test_a_container_that_ignores_sigterm_is_told_and_gone(build):
    served = build(GOOD, "import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)")
    seen: list[int] = []

    def find(check: object) -> None:
        if not seen:
            seen.extend(int(one.name) for one in Path("/proc").iterdir() if is_container(one))

    failures = failures_of(served, narrate=find)
    assert failures == {"SIGTERM": "it still ran 2 s after SIGTERM"}
    assert seen
    assert [pid for pid in seen if processes_of(pid)] == []


def is_container(process: Path) -> bool:
    try:
        return "greenroom-rows-" in str((process / "cwd").readlink())
    except OSError:
        return False


def test_a_container_that_drops_what_it_began_is_told(build):
    failures = failures_of(build(GOOD, "import os, signal\nsignal.signal(signal.SIGTERM, lambda *_: os._exit(0))"))
    assert failures == {"SIGTERM": "a request that it had begun got no answer"}


def test_a_container_that_leaks_is_killed_at_the_instances_memory(build):
    code = """
        kept = []
        answer = transform_fn
        def transform_fn(model, body, content_type, accept):
            kept.append(bytes(1) * 24_000_000)
            return answer(model, body, content_type, accept)
    """
    failures = failures_of(build(GOOD, code), memory_limit_mib=400)
    assert "it was killed, as the instance's kernel would have done" in failures["memory"]


def test_a_request_that_ends_the_container_costs_only_its_own_check(build):
    code = """
        import os
        answer = transform_fn
        def transform_fn(model, body, content_type, accept):
            if body in ("", "null"): os._exit(1)
            return answer(model, body, content_type, accept)
    """
    failures = failures_of(build(GOOD, code))
    broken = {"malformed text/csv: empty", "malformed application/json: empty", "malformed application/json: null"}
    assert set(failures) == broken
    assert all("the container broke off" in seen for seen in failures.values())


def test_a_model_that_hangs_is_not_asked_for_ever(build):
    code = """
        import time
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept): time.sleep(60)
    """
    began = time.monotonic()
    failures = failures_of(build(code), invocation_timeout_seconds=0.5)
    assert time.monotonic() - began < 20
    assert failures == dict.fromkeys(
        ["sample rows.csv", "unknown Accept"], "the container gave no answer within 0.5 seconds"
    )


def test_a_model_that_answers_as_a_load_balancer_would_has_answered(build):
    code = """
        from werkzeug import Response
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept):
            return Response("the container gave no answer, says the model behind this one", status=504)
    """
    failures = failures_of(build(code))
    told = "504 Gateway Timeout: the container gave no answer, says the model behind this one"
    assert {failures[name] for name in ("sample rows.csv", "unknown Accept", "unknown Content-Type")} == {told}


def test_a_sample_that_is_none_is_told_as_one(build):
    sample = SampleRequest("request.json", b'{"instances": [[1, 2', "application/json")
    with pytest.raises(ContractFailedError) as caught:
        check_contract(build(), [sample], stop_timeout_seconds=5)
    assert [check.name for check in caught.value.report.failures] == ["sample request.json"]
    assert caught.value.report.failures[0].seen.startswith("400 Bad Request: not numbers: ")


def test_answers_that_differ_when_many_ask_are_told(build):
    code = """
        import threading, time
        answer, counted = transform_fn, []
        def transform_fn(model, body, content_type, accept):
            counted.append(1)
            return "0.5" if len(counted) < 20 else str(len(counted))
    """
    failures = failures_of(build(GOOD, code), concurrency=8)
    assert "were answered otherwise than alone" in failures["concurrent requests"]


def test_code_that_writes_beside_its_model_is_told(build):
    code = "import pathlib\ndef model_fn(model_dir): pathlib.Path(model_dir, 'cache.bin').write_bytes(b'x')"
    assert failures_of(build(GOOD, code)) == {"model folder unchanged": "the release's code wrote cache.bin"}


def test_a_model_that_answers_otherwise_each_time_is_no_failure(build):
    report = report_of(build(GOOD, "import random\nanswer = transform_fn\n"
                             "def transform_fn(*a):\n    r = answer(*a)\n"
                             "    return str(random.random()) if isinstance(r, str) else r"))  # fmt: skip
    by_name = {check.name: check for check in report.checks}
    assert by_name["sample rows.csv"].seen.endswith("another answer when it was asked again")
    assert by_name["concurrent requests"].status == "skipped"


def test_without_samples_what_needs_none_is_checked(build):
    report = check_contract(build(), [], stop_timeout_seconds=5)
    assert report.passed
    skipped = {check.name: check.seen for check in report.checks if check.status == "skipped"}
    assert skipped == {
        "unknown Accept": "the release has no sample to send",
        "concurrent requests": "no sample has an answer that is the same every time",
        "memory": skipped["memory"],
    }
    assert skipped["memory"].endswith("nobody said what the instance has")


def test_a_releases_samples_are_read_from_its_folder(tmp_path):
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "rows.csv").write_bytes(SAMPLE.body)
    sample = Sample(file="samples/rows.csv", content_type="text/csv")
    release = release_of({}).model_copy(update={"samples": (sample,)})
    assert sample_requests(tmp_path, release) == (SAMPLE,)
    assert sample_requests(tmp_path, release_of({})) == ()
