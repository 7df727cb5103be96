"""Model folders as nobody should have them, and the command line that is given them."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import os
import pickle
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from greenroom.cli.root import root

REPOSITORY = Path(__file__).parents[3]
MARKER = "RAN"
"""A file in the project that the pickles here would write, if anything ran them."""

SERVING = """\
import json
def model_fn(folder): return None
def input_fn(body, content_type): return json.loads(body)["rows"]
def predict_fn(rows, model): return [ANSWER for _ in rows]
def output_fn(answers, accept): return json.dumps({"predictions": answers}), "application/json"
"""

FUNCTIONS = """\
version: 1.0.0
model: w
signature:
  inputs: [{name: rows, dtype: float32, shape: [null, 3]}]
  outputs: [{name: score, dtype: float32, shape: [null]}]
"""


class RunsCode:
    """Its pickle writes a file where it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.system, (f"touch {self.path}",)


@dataclass(frozen=True)
class Project:
    """A project with the tumor model in it."""

    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / "models" / "tumor"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def marker(self) -> Path:
        return self.folder / MARKER

    def kept(self) -> list[str]:
        """Releases of the store, and what is left of those that were being made."""
        found = (*self.home.rglob("release.json"), *self.home.rglob(".incoming*"))
        return sorted(str(one.relative_to(self.home)) for one in found)

    def write(self, files: Mapping[str, bytes | str]) -> None:
        """Writes files of the model's folder."""
        for name, content in files.items():
            path = self.model / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def change(self, before: str, after: str) -> None:
        """Changes package.yaml."""
        text = (self.model / "package.yaml").read_text()
        assert before in text
        (self.model / "package.yaml").write_text(text.replace(before, after))

    def only(self, files: Mapping[str, bytes | str]) -> None:
        """A model folder of these files instead of the tumor model."""
        shutil.rmtree(self.model)
        self.write({"package.yaml": "version: 1.0.0\nmodel: w\n", **files})

    def functions(self, files: Mapping[str, bytes | str], answer: str = "1.0") -> None:
        """A model of Python functions, all of whose folder goes into the release, with these files in it."""
        code = SERVING.replace("ANSWER", answer)
        sample = '{"rows": [[1, 2, 3]]}'
        self.only({"package.yaml": FUNCTIONS, "w/inference.py": code, "samples/a.json": sample, **files})

    def run(self, *words: str, monkeypatch: Any) -> tuple[int, str]:
        """A command: its exit code, and all that it said."""
        monkeypatch.chdir(self.folder)
        monkeypatch.setenv("GREENROOM_HOME", str(self.home))
        result = CliRunner().invoke(root, list(words))
        return result.exit_code, result.output

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command, in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "greenroom", *words],
            cwd=self.folder,
            env={**os.environ, "GREENROOM_HOME": str(self.home), "PYTHONPATH": str(REPOSITORY)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def project_in(folder: Path) -> Project:
    """A project with a copy of the tumor model, and no environments."""
    project = Project(folder / "project")
    (project.folder / "models").mkdir(parents=True)
    shutil.copy(REPOSITORY / "Pulumi.yaml", project.folder)
    shutil.copytree(REPOSITORY / "models" / "tumor", project.model)
    return project


def estimator(inside: object) -> bytes:
    """A fitted scikit-learn estimator in a pickle, with something else in it."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit([[0, 1.0], [1, 0.0], [2, 1], [3, 0]], [0, 1, 0, 1])
    model.extra_ = inside
    return pickle.dumps(model)


def zip_of(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def zip_bomb(size_mib: int = 512) -> bytes:
    stream, block = io.BytesIO(), bytes(1024**2)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("weights", "w") as member:
        for _ in range(size_mib):
            member.write(block)
    return stream.getvalue()


def tar_of(name: str, content: bytes = b"", *, link: str | None = None) -> bytes:
    stream, member = io.BytesIO(), tarfile.TarInfo(name)
    if link is not None:
        member.type, member.linkname = tarfile.SYMTYPE, link
    member.size = 0 if link is not None else len(content)
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(member, io.BytesIO(content))
    return gzip.compress(stream.getvalue(), 1)


def laughs() -> str:
    """Nine lists of nine of the one before: 9⁹ values."""
    lines = ["a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    names = "abcdefghi"
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in itertools.pairwise(names)]
    return "\n".join(lines)


def skops_of(module: str, name: str) -> bytes:
    schema = {"__class__": name, "__module__": module, "__loader__": "FunctionNode", "protocol": 1}
    return zip_of({"schema.json": json.dumps(schema).encode()})
