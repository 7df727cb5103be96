"""A model is served for a person, and measured; both end clean."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model_packaging import ReleaseStore, package
from model_packaging.judging import UNJUDGED
from model_packaging.measurements import LoadTest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
TIMEOUT_SECONDS = 120


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose one model has an ONNX file, its handlers and samples."""
    (tmp_path / "Pulumi.yaml").write_text("name: served\nruntime: python\n")
    model, source = tmp_path / "models" / "tumor", ROOT / "models" / "tumor"
    model.mkdir(parents=True)
    for name in ("model.onnx", "inference.py", "requirements.txt", "metrics.json", "image.lock.json"):
        shutil.copy(source / name, model)
    (model / "samples").mkdir()
    for name in ("rows.csv", "request.json"):
        shutil.copy(source / "samples" / name, model / "samples")
    (model / "package.yaml").write_text(
        "version: 1.0.0\nframework: {name: onnx, version: '1.17'}\n"
        "files: {model.onnx: model.onnx, code/inference.py: inference.py, code/requirements.txt: requirements.txt}\n"
        "entry_point: code/inference.py\nsignature: {onnx: model.onnx}\nmetrics: metrics.json\nsamples: samples\n"
        "serving_image: {framework: sklearn, version: 1.4-2-py312, py_version: py3, processor: cpu}\n"
    )
    return tmp_path


def greenroom(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "greenroom", *map(str, arguments)]


@contextmanager
def started(project: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = greenroom(*arguments)
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def lines_of(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


@pytest.mark.parametrize(("sign", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_model_folder_is_served_and_the_curl_line_works(project, sign, status):
    with started(project, "serve", "models/tumor") as process:
        told, url, curl = lines_of(process, 3)
        assert told.startswith("tumor 1.0.0  sha256:")
        with urllib.request.urlopen(f"{url}/ping", timeout=10) as ping:  # noqa: S310 - http on loopback
            assert ping.status == 200
        assert curl.startswith(f"curl -s {url}/invocations -H 'Content-Type: ")
        answer = subprocess.run(["bash", "-c", curl], capture_output=True, text=True, check=True, timeout=30).stdout
        assert {"probability", "label"} == set(json.loads(answer)["predictions"][0])
        process.send_signal(sign)
        _, log = process.communicate(timeout=30)
        assert process.returncode == status
    assert "the model is loaded" in log
    assert "POST /invocations 200" in log
    assert not (project / ".greenroom" / "releases").exists()


def test_a_release_is_served_by_its_name_on_the_port_that_was_asked_for(project):
    store = ReleaseStore(project / ".greenroom" / "releases")
    release = package(project / "models" / "tumor", store, judges=UNJUDGED)
    with started(project, "serve", "tumor", "--json") as process:
        told = json.loads(lines_of(process, 1)[0])
        assert (told["name"], told["digest"]) == ("tumor", release.digest)
        port = told["url"].rpartition(":")[2]
        taken = subprocess.run(
            greenroom("serve", "tumor", "--release", release.hex_digest[:8], "--port", port),
            cwd=project, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
        assert (taken.returncode, taken.stdout) == (1, "")
        assert f"port {port} of 127.0.0.1: Address already in use" in taken.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    with started(project, "serve", "tumor", "--port", port, "--json") as process:
        assert json.loads(lines_of(process, 1)[0])["url"] == f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_container_that_does_not_start_is_told_and_ends_in_1(project):
    (project / "models" / "tumor" / "inference.py").write_text("raise RuntimeError('no weights')\n")
    ended = subprocess.run(
        greenroom("serve", "models/tumor"), cwd=project, capture_output=True, text=True, check=False,
        timeout=TIMEOUT_SECONDS,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "error: the container of model 'tumor' did not start: it ended with exit status 3" in ended.stderr
    assert "Traceback" not in ended.stderr.partition("error: ")[2].partition("RuntimeError: no weights")[2]


def test_a_load_test_is_written_beside_the_model_and_goes_into_its_release(project):
    model = project / "models" / "tumor"
    store = ReleaseStore(project / "releases")
    before = package(model, store, judges=UNJUDGED)
    ended = subprocess.run(
        greenroom("load-test", "models/tumor", "--seconds", 3, "--p99-ms", 5000, "--workers", 1, "--json"),
        cwd=project, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = LoadTest.model_validate_json(ended.stdout)
    assert found == LoadTest.model_validate_json((model / "load_test.json").read_bytes())
    assert found.requests_per_second > 1
    assert 0 < found.p50_ms <= found.p99_ms <= 5000
    assert "open: " in ended.stderr
    after = package(model, store, judges=UNJUDGED)
    assert after.load_test == found
    assert after.digest != before.digest
    assert after.model_copy(update={"load_test": None, "digest": before.digest}) == before


def test_a_p99_that_no_model_holds_ends_in_1_and_writes_nothing(project):
    ended = subprocess.run(
        greenroom("load-test", "models/tumor", "--seconds", 2, "--p99-ms", 0.001, "--workers", 1),
        cwd=project, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "error: no rate was held: at " in ended.stderr
    assert not (project / "models" / "tumor" / "load_test.json").exists()


def test_a_model_without_samples_has_nothing_to_send(project):
    spec = project / "models" / "tumor" / "package.yaml"
    spec.write_text(spec.read_text().replace("samples: samples\n", ""))
    ended = subprocess.run(
        greenroom("load-test", "models/tumor"), cwd=project, capture_output=True, text=True, check=False,
        timeout=TIMEOUT_SECONDS,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "error: model 'tumor' has no sample to send; " in ended.stderr
