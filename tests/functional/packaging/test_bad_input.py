"""Bad input, through the command line: one clear error and the right exit code, or it works; nothing half-made."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.functional.packaging.hostile_models import (
    Project,
    RunsCode,
    estimator,
    laughs,
    project_in,
    skops_of,
    tar_of,
    zip_bomb,
    zip_of,
)
from tests.unit.packaging.model_bytes import catboost_json, onnx, ubjson, xgboost_json

pytestmark = [pytest.mark.functional, pytest.mark.slow]

MODEL = "models/tumor"
SPEC = f"{MODEL}/package.yaml"
FILES = 100_000 if os.environ.get("GREENROOM_LARGE") else 3_000
SPARSE_BYTES = 20 * 1024**3 if os.environ.get("GREENROOM_LARGE") else 2 * 1024**3
"""GREENROOM_LARGE=1 tries 100,000 files (some minutes) and 20 GiB (twenty seconds)."""

Change = Callable[[Project], object]


@pytest.fixture
def project(tmp_path):
    return project_in(tmp_path)


def told(project: Project, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    """A command's exit code and words; whatever it was, no bug, no traceback, and nothing hostile was run."""
    code, output = project.run(*words, monkeypatch=monkeypatch)
    assert "bug of Greenroom" not in output
    assert not output.startswith("Traceback")
    assert not project.marker.exists()
    return code, output


def package_text(text: str | bytes) -> Change:
    return lambda project: project.write({"package.yaml": text})


def changed(before: str, after: str) -> Change:
    return lambda project: project.change(before, after)


def written(name: str, content: str | bytes) -> Change:
    return lambda project: project.write({name: content})


def only(files: Mapping[str, str | bytes]) -> Change:
    return lambda project: project.only(files)


def functions(files: Mapping[str, str | bytes]) -> Change:
    return lambda project: project.functions(files)


def a_folder(name: str) -> Change:
    def change(project: Project) -> None:
        (project.model / name).unlink(missing_ok=True)
        (project.model / name).mkdir()

    return change


def a_pipe(name: str) -> Change:
    def change(project: Project) -> None:
        (project.model / name).unlink(missing_ok=True)
        os.mkfifo(project.model / name)

    return change


def a_link(name: str, to: str) -> Change:
    def change(project: Project) -> None:
        (project.model / name).unlink(missing_ok=True)
        (project.model / name).symlink_to(to)

    return change


ONNX_SHORT = "version: 1.0.0\nmodel: model.onnx\n"
REFUSED: dict[str, tuple[Change, str]] = {
    # package.yaml
    "not UTF-8": (package_text("version: 1.0.0\nmodel: größe\n".encode("latin1")), f"{SPEC}:2: is not UTF-8 text"),
    "a NUL": (package_text(b"version: 1.0.0\x00\n"), "is not UTF-8 text"),
    "empty": (package_text(""), f"{SPEC}: says nothing"),
    "a list": (package_text("- 1\n- 2\n"), f"{SPEC}:1: is not keys with values"),
    "a tab": (package_text("version: 1.0.0\n\tmodel: x\n"), f"{SPEC}:2: is not YAML"),
    "two documents": (package_text("version: 1.0.0\n---\nmodel: x\n"), f"{SPEC}:2: is not YAML"),
    "a billion laughs": (package_text(laughs()), "grows without end by its aliases"),
    "itself within": (package_text("version: &a [*a]\n"), f"{SPEC}:1: version[0]: holds itself"),
    "nested without end": (package_text("[" * 100_000), f"{SPEC}: is nested too deep"),
    "a tag that runs code": (
        package_text('version: !!python/object/apply:os.system ["touch RAN"]\n'),
        f"{SPEC}:1: is not YAML",
    ),
    "a 13th month": (package_text("version: 2024-13-01\n"), f"{SPEC}:1: version: '2024-13-01' is no timestamp"),
    "5,000 digits": (package_text(f"version: {'9' * 5000}\n"), "is no int, which is what YAML takes it for"),
    "keys twice": (
        package_text("version: 1.0.0\nversion: 2\nmodel: a\nmodel: b\n"),
        f"{SPEC}:4: model: is there twice, first on line 3",
    ),
    "a folder for package.yaml": (a_folder("package.yaml"), f"{SPEC}: is a folder"),
    "a pipe for package.yaml": (a_pipe("package.yaml"), f"{SPEC}: is no regular file"),
    "a loop for package.yaml": (a_link("package.yaml", "package.yaml"), "Too many levels of symbolic links"),
    # paths
    "files lead out": (changed("model.onnx: model.onnx", "model.onnx: ../../Pulumi.yaml"), f"{SPEC}:8: files.model"),
    "files go out": (changed("model.onnx: model.onnx", "../model.onnx: model.onnx"), "is not a plain path"),
    "an absolute file": (changed("model.onnx: model.onnx", "model.onnx: /etc/passwd"), "is not a relative path"),
    "a Windows path": (changed("inference.py: inf", "inference.py: C:\\inf"), "is not a relative path"),
    "backslashes": (changed("code/inference.py: inf", "code\\inference.py: .\\inf"), f"{SPEC}:9: "),
    "the baseline leads out": (changed("baseline: baseline", "baseline: ../.."), "is not a plain path"),
    "the metrics lead out": (changed("metrics: metrics.json", "metrics: ../m.json"), "is not a plain path"),
    "the samples lead out": (package_text(ONNX_SHORT + "samples: ../../x\n"), f"{SPEC}:3: samples: "),
    "the model leads out": (package_text("version: 1.0.0\nmodel: ../../Pulumi.yaml\n"), f"{SPEC}:2: model: "),
    "a name of 5,000 letters": (package_text(f"version: 1.0.0\nmodel: {'a' * 5000}\n"), "is too long"),
    "a link that leads out": (a_link("model.onnx", "/etc/passwd"), "is a link that leads out of the model's folder"),
    "a link to itself": (a_link("model.onnx", "model.onnx"), "there is no file 'model.onnx'"),
    "weights that lead out": (only({"w": onnx(external="../../../Pulumi.yaml")}), "is not a plain path"),
    "weights that are not there": (only({"w": onnx(external="weights.bin")}), "'weights.bin', which is not beside it"),
    "a file's name of two lines": (functions({"w/a\nb.bin": "1"}), "has control characters"),
    "a file's name with a backslash": (functions({"w/a\\b.bin": "1"}), "is not a relative path"),
    "a file's name in another form": (functions({"w/cafe\u0301.bin": "1"}), "is not in Unicode's composed form"),
    # files beside the model
    "a folder for the model": (a_folder("model.onnx"), "'model.onnx' is not a file"),
    "a pipe for the model": (a_pipe("model.onnx"), "'model.onnx' is not a file"),
    "a folder for the gate": (a_folder("gate.yaml"), f"{MODEL}/gate.yaml: is a folder"),
    "a pipe for the gate": (a_pipe("gate.yaml"), f"{MODEL}/gate.yaml: is no regular file"),
    "a loop for the gate": (a_link("gate.yaml", "gate.yaml"), "Too many levels of symbolic links"),
    "a gate that is not there": (a_link("gate.yaml", "nowhere"), f"{MODEL}/gate.yaml: is a link that leads nowhere"),
    "an empty gate": (written("gate.yaml", ""), f"{MODEL}/gate.yaml: says nothing"),
    "a folder for the image's lock": (a_folder("image.lock.json"), "image.lock.json: is a folder"),
    "a pipe for the image's lock": (a_pipe("image.lock.json"), "image.lock.json: is no regular file"),
    "an empty image's lock": (written("image.lock.json", ""), "image.lock.json"),
    "a pipe for the load test": (a_pipe("load_test.json"), "load_test.json: is no regular file"),
    "an empty load test": (written("load_test.json", ""), "load_test.json"),
    "a folder for the optimisation": (a_folder("optimisation.json"), "optimisation.json: is a folder"),
    "metrics nested without end": (written("metrics.json", "[" * 100_000), "metrics.json: is nested too deep"),
    "a metric of 400 digits": (written("metrics.json", '{"a": 1' + "0" * 400 + "}"), "is not a finite number"),
    "a metric that is NaN": (written("metrics.json", '{"a": NaN, "b": 1e999}'), "metrics.json: b: inf is not"),
    "a metric twice": (written("metrics.json", '{"a": 1, "a": 2}'), "'a' is there twice"),
    "statistics nested without end": (written("baseline/statistics.json", "[" * 100_000), "is nested too deep"),
    "statistics that are empty": (written("baseline/statistics.json", ""), "statistics.json:1: is not JSON"),
    # models
    "an empty model": (only({"w": b""}), "the file is empty"),
    "an empty folder": (only({"w/.keep": b""}), "holds no model of a known format"),
    "text": (only({"w": b"hello\n"}), "is of no known model format"),
    "a pointer of Git LFS": (only({"w": b"version https://git-lfs.github.com/spec/v1\noid x\n"}), "git lfs pull"),
    "JSON nested without end": (only({"w": b'{"learner":' + b'{"a":' * 100_000}), "is cut short or damaged"),
    "ONNX cut off": (only({"w": onnx()[:-9]}), "is cut short or damaged"),
    "XGBoost cut off": (only({"w": xgboost_json()[:-9]}), "is cut short or damaged"),
    "CatBoost cut off": (only({"w": catboost_json()[:-9]}), "is cut short or damaged"),
    "UBJSON cut off": (only({"w": ubjson({"learner": {"a": 1}})[:-3]}), f"{MODEL}/w"),
    "a pickle cut off": (lambda project: project.only({"w": estimator(1)[:-9]}), "save or copy the model again"),
    "a skops cut off": (only({"w": skops_of("os", "system")[:-20]}), f"{MODEL}/w"),
    "no Python": (only({"w/inference.py": "def model_fn(:\n"}), "is not Python"),
    # archives
    "a zip bomb": (lambda project: project.functions({"w/x.zip": zip_bomb()}), "a zip bomb"),
    "a tar bomb": (lambda project: project.functions({"w/x.tar.gz": tar_of("x", bytes(300 * 1024**2))}), "bomb"),
    "a zip that leads out": (functions({"w/x.zip": zip_of({"../../evil": b"x"})}), "a path that leads out"),
    "a tar that leads out": (functions({"w/x.tar.gz": tar_of("../../evil")}), "a path that leads out"),
    "a tar with a link": (functions({"w/x.tar.gz": tar_of("a", link="/etc/passwd")}), "is a link, to '/etc/passwd'"),
    # samples
    "a sample of another width": (
        only({"w": onnx(), "samples/a.csv": "1,2\n"}),
        f"{MODEL}/samples/a.csv:1: has 2 values",
    ),
    "a sample of another type": (
        only({"w": onnx(), "samples/a.csv": "1,2,x\n"}),
        "a.csv:1: column 3: 'x' is no number",
    ),
    "a sample without rows": (only({"w": onnx(), "samples/a.csv": ""}), "a.csv: holds no row"),
    "a sample that is no JSON": (only({"w": onnx(), "samples/a.json": "{"}), "a.json:1: is not JSON"),
    "a sample nested without end": (only({"w": onnx(), "samples/a.json": "[" * 100_000}), "samples/a.json: is not"),
    "a sample of no known type": (only({"w": onnx(), "samples/a.xyz": "1"}), "content type its ending does not tell"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_packaged_is_told_and_nothing_is_kept(project, monkeypatch, case):
    change, words = REFUSED[case]
    change(project)
    code, output = told(project, monkeypatch, "package", MODEL, "--no-check")
    assert code == 2, output
    assert words in output
    assert project.kept() == []


def test_everything_that_is_wrong_is_told_at_once(project, monkeypatch):
    project.write({"package.yaml": "version: one\nmodel: nowhere\nfils: {}\nmetrics: gone.json\nprocessor: tpu\n"})
    code, output = told(project, monkeypatch, "package", MODEL)
    lines = [line.removeprefix("error: ").partition(": ")[0] for line in output.splitlines()]
    assert (code, lines) == (2, [f"{SPEC}:{line}" for line in (1, 2, 3, 4, 5)])


def moved_and_linked(project: Project) -> None:
    (project.model / "model.onnx").rename(project.model / "real.onnx")
    (project.model / "model.onnx").symlink_to("real.onnx")


def looped(project: Project) -> None:
    project.functions({})
    (project.model / "w" / "self").symlink_to(".")
    (project.model / "w" / "loop").symlink_to("loop")


OTHER_ALPHABETS: dict[str, bytes | str] = {
    "package.yaml": 'version: 1.0.0\nmodel: "größe 模型.onnx"\n',
    "größe 模型.onnx": onnx(),
    "samples/ä b.csv": "1,2,3\n",
}
WORKS: dict[str, Change] = {
    "a link inside the folder": moved_and_linked,
    "a byte order mark": package_text("version: 1.0.0\nmodel: model.onnx\n".encode("utf-8-sig")),
    "names in other alphabets, with spaces": only(OTHER_ALPHABETS),
    "a folder that holds itself, and a link to nowhere": looped,
    "weights of no format beside an inference module": functions(
        {"w/weights.pt": zip_of({"weights/data.pkl": b"\x80\x02}."})}
    ),
}


@pytest.mark.parametrize("case", WORKS)
def test_what_is_only_unusual_is_packaged(project, monkeypatch, case):
    WORKS[case](project)
    code, output = told(project, monkeypatch, "package", MODEL, "--no-check")
    assert code == 0, output


COMMANDS = (["package"], ["package", "--no-check"], ["gate"], ["serve"], ["optimise"], ["load-test", "--seconds", "1"])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_runs_a_pickle(project, monkeypatch, command):
    project.only({
        "w": estimator(RunsCode(project.marker)),
        "samples/a.csv": "1,2\n",
        "t.csv": "a,b,y\n1,2,0\n2,1,1\n",
        "gate.yaml": "task: {kind: binary, positive: 1}\ncolumns: {label: y}\ndata: {test: {file: t.csv}}\n"
        "metrics: {accuracy: {at_least: 0.5}}\n",
        "optimise.yaml": "source: w\ntarget: model.onnx\nrows: t.csv\nsteps: [{kind: onnx}]\n",
    })  # fmt: skip
    code, output = told(project, monkeypatch, command[0], MODEL, *command[1:])
    assert (code, project.kept()) == (2, []), output
    assert "is a pickle that imports posix.system, which can run code" in output


@pytest.mark.parametrize("name", ["w.pkl", "w.joblib", "w.txt", "w.npy", "w.zip", "w.pt"])
def test_no_import_runs_a_pickle_whatever_its_name(project, monkeypatch, name):
    content = pickle.dumps(RunsCode(project.marker))
    (project.folder / name).write_bytes(zip_of({"archive/data.pkl": content}) if name in {"w.zip", "w.pt"} else content)
    assert told(project, monkeypatch, "release", "import", name)[0] == 2
    project.functions({f"w/{name}": (project.folder / name).read_bytes()})
    code, output = told(project, monkeypatch, "package", MODEL)
    assert (code, project.kept()) == (2, [])
    assert "posix.system" in output


def test_a_model_that_answers_nan_fails_its_check_and_is_not_kept(project, monkeypatch):
    project.functions({}, answer='float("nan")')
    code, output = told(project, monkeypatch, "package", MODEL)
    assert (code, project.kept()) == (1, [])
    assert "sample a.json: 200, and the answer holds NaN" in output


GATE = "task: {kind: regression}\ncolumns: {label: y}\ndata: {test: {file: t.csv}}\n"
GATES = {
    "metrics: {wonder: {at_least: 1}}": "gate.yaml:4: metrics.wonder: there is no metric 'wonder'",
    "metrics: {roc_auc: {at_least: 1}}": "gate.yaml:4: metrics.roc_auc: 'roc_auc' is a metric of",
    "metrics: {r2: {at_least: 1.5}}": "gate.yaml:4: metrics.r2.at_least: 1.5 is impossible",
    "metrics: {rmse: {at_most: -1}}": "gate.yaml:4: metrics.rmse.at_most: -1 is impossible",
    "metrics: {rmse: {at_most: .nan}}": "gate.yaml:4: metrics.rmse.at_most: nan",
    "metrics: {rmse: {at_least: 3, at_most: 1}}": "nothing meets both",
    "": "gate.yaml:1: demands nothing of the model",
}


@pytest.mark.parametrize("demands", GATES)
@pytest.mark.parametrize("command", ["gate", "package"])
def test_a_gate_that_nothing_can_meet_is_told_before_anything_is_run(project, monkeypatch, command, demands):
    project.functions({"gate.yaml": GATE + demands, "t.csv": "a,b,c,y\n1,2,3,1\n"})
    code, output = told(project, monkeypatch, command, MODEL)
    assert (code, project.kept()) == (2, [])
    assert GATES[demands] in output


def test_a_gate_that_is_not_met_leaves_nothing_in_the_store(project, monkeypatch):
    project.functions({"gate.yaml": GATE + "metrics: {rmse: {at_most: 0.1}}\n", "t.csv": "a,b,c,y\n1,2,3,5\n"})
    code, output = told(project, monkeypatch, "gate", MODEL)
    assert (code, project.kept()) == (1, []), output
    assert "did not pass its gate" in output


def packaged(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tumor model's release in the store."""
    assert told(project, monkeypatch, "package", MODEL, "--no-check")[0] == 0
    (manifest,) = project.home.rglob("release.json")
    return manifest.parent


COMMANDS_OF_STORE = (
    ("package", MODEL, "--no-check"),
    ("serve", "tumor"),
    ("release", "verify", "tumor"),
)


@pytest.mark.parametrize("command", COMMANDS_OF_STORE, ids=" ".join)
def test_a_release_that_was_changed_in_the_store_is_told(project, monkeypatch, command):
    release = packaged(project, monkeypatch)
    with (release / "model" / "model.onnx").open("r+b") as stream:
        stream.write(b"X")
    code, output = told(project, monkeypatch, *command)
    assert code == 2
    assert "is not what its digest says: model/model.onnx has other bytes" in output


@pytest.mark.parametrize("file", ["release.json", "evidence/index.json", "evidence/scan.json"])
def test_what_is_said_of_a_release_cannot_be_changed_unnoticed(project, monkeypatch, file):
    release = packaged(project, monkeypatch)
    (release / file).write_text("{")
    for command in (COMMANDS_OF_STORE[0], COMMANDS_OF_STORE[2]):
        code, output = told(project, monkeypatch, *command)
        assert code == 2, output
        assert "is not what its digest says" in output


def test_very_many_files_are_packaged(project, monkeypatch):
    project.functions({})
    for number in range(FILES):
        (project.model / "w" / f"{number}.txt").write_text(str(number))
    code, output = told(project, monkeypatch, "package", MODEL, "--no-check")
    assert code == 0, output
    assert f"{FILES + 2} files" in output


def test_a_sparse_file_of_many_gibibytes_is_packaged_as_one(project, monkeypatch):
    project.change("  model.onnx: model.onnx\n", "  model.onnx: model.onnx\n  holes.bin: holes.bin\n")
    with (project.model / "holes.bin").open("wb") as stream:
        stream.truncate(SPARSE_BYTES)
    release = packaged(project, monkeypatch)
    status = (release / "model" / "holes.bin").stat()
    assert (status.st_size, status.st_blocks * 512 < 1024**2) == (SPARSE_BYTES, True)


@pytest.mark.parametrize("opening", ["", '{"learner":', '{"features_info":', "tree\nversion=v4\n", "\x80\x04"])
def test_a_sparse_file_is_no_model(project, monkeypatch, opening):
    project.only({"w": opening.encode("latin1")})
    os.truncate(project.model / "w", SPARSE_BYTES)
    code, output = told(project, monkeypatch, "package", MODEL)
    assert (code, project.kept()) == (2, []), output


@pytest.mark.parametrize("name", ["metrics.json", "package.yaml", "gate.yaml", "samples/a.json", "image.lock.json"])
def test_a_file_without_end_is_not_read(project, monkeypatch, name):
    project.write({"package.yaml": ONNX_SHORT + "metrics: metrics.json\n", name: ""})
    os.truncate(project.model / name, SPARSE_BYTES)
    code, output = told(project, monkeypatch, "package", MODEL)
    assert (code, project.kept()) == (2, []), output


def test_a_file_that_is_written_to_while_it_is_packaged_is_told(project):
    project.change("  model.onnx: model.onnx\n", "  model.onnx: model.onnx\n  big.bin: big.bin\n")
    with (project.model / "big.bin").open("wb") as stream:
        stream.truncate(SPARSE_BYTES)
    ended = threading.Event()

    def write() -> None:
        with (project.model / "big.bin").open("r+b", buffering=0) as stream:
            while not ended.wait(0.02):
                stream.seek(0)
                stream.write(os.urandom(8))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        command = project.start("package", MODEL, "--no-check")
        output, _ = command.communicate(timeout=120)
    finally:
        ended.set()
        writer.join()
    assert (command.returncode, project.kept()) == (2, []), output
    assert "big.bin changed while it was read" in output


@pytest.mark.parametrize("said", ["", "checking the container contract", "asking the gate"])
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_who_is_interrupted_leaves_no_release_and_no_process(project, sign, said):
    command = project.start("package", MODEL)
    assert command.stdout is not None
    lines: list[str] = []
    while said and not any(said in line for line in lines):
        lines.append(command.stdout.readline())
    if not said:
        _wait_for((project.home / "releases").is_dir)
    command.send_signal(sign)
    output = "".join(lines) + command.communicate(timeout=60)[0]
    assert (command.returncode, "Traceback" in output) == (130, False), output
    assert project.kept() == []
    _wait_for(lambda: _processes_of(project) == [])


def _wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def _processes_of(project: Project) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(project.folder) in line]


def test_two_who_package_at_once_make_one_release(project):
    commands = [project.start("package", MODEL, "--no-check") for _ in range(2)]
    outputs = [command.communicate(timeout=120)[0] for command in commands]
    assert [command.returncode for command in commands] == [0, 0], outputs
    assert len(project.kept()) == 1


FILLS_UP = """
import os, sys
from pathlib import Path
import model_packaging.hashing as hashing
def full(*_): raise OSError({errno}, os.strerror({errno}))
hashing.os.write = hashing.os.pwrite = hashing.os.sendfile = hashing.os.copy_file_range = full
from greenroom.cli import main
sys.argv = ["greenroom", "package", "models/tumor", "--no-check"]
main()
"""


def test_a_disk_that_fills_up_keeps_nothing(project):
    code = FILLS_UP.format(errno=errno.ENOSPC)
    environment = {**os.environ, "GREENROOM_HOME": str(project.home), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = subprocess.run(
        [sys.executable, "-c", code], cwd=project.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert (command.returncode, project.kept()) == (2, []), command.stderr
    assert "No space left on device; nothing was kept of it: free some space" in command.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(project, monkeypatch):
    (project.model / "image.lock.json").unlink()
    project.model.chmod(0o555)
    try:
        code, output = told(project, monkeypatch, "package", MODEL, "--no-check")
    finally:
        project.model.chmod(0o755)
    assert (code, project.kept()) == (2, [])
    assert "image.lock.json cannot be written: Permission denied" in output
