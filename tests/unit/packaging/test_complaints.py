"""Each file beside a model tells what is wrong in it in the same words."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_packaging.baselines.reading import read_baseline_file
from model_packaging.errors import InvalidPackageError, PackagingError
from model_packaging.gate import read_gate
from model_packaging.optimisation.spec import read_optimise_spec
from model_packaging.reading import read_model_folder

pytestmark = pytest.mark.unit

READERS = {
    "package.yaml": read_model_folder,
    "gate.yaml": read_gate,
    "baseline.yaml": read_baseline_file,
    "optimise.yaml": read_optimise_spec,
}

SHORT = "version: 1.0.0\nmodel: weights\n"


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        (
            "package.yaml",
            SHORT + "lineage: {data: {sha256: abc}}\n",
            "package.yaml:3: lineage.data.sha256: 'abc': is not a SHA-256: 64 digits of 0-9 and a-f",
        ),
        (
            "package.yaml",
            SHORT + "lineage: {data: {uri: s3://b/k, sha: abc}}\n",
            "package.yaml:3: lineage.data.sha: unknown key; allowed: uri, version, sha256; did you mean 'sha256'?",
        ),
        ("package.yaml", SHORT + "lineage: here\n", "lineage: 'here': must be a mapping, a `key: value` a line"),
        (
            "package.yaml",
            SHORT + "signature: {onnx: m, input: 1}\n",
            "signature.input: unknown key; allowed: onnx; take",
        ),
        ("gate.yaml", "task: binary\n", "gate.yaml:1: task: 'binary': must be a mapping, a `key: value` a line"),
        (
            "gate.yaml",
            "data: {test: rows.csv}\n",
            "gate.yaml:1: data.test: 'rows.csv': must be a mapping, a `key: value`",
        ),
        ("gate.yaml", "latency: {p99_ms: 200}\n", "latency: {'p99_ms': 200}: must be a list, a `- …` a line"),
        ("package.yaml", "version: 1.0\n", "version: 1.0: must be text; in quotes, if it reads as something else"),
        ("gate.yaml", "task: {label: 3}\n", "gate.yaml:1: task: does not say its kind; write `kind: …`"),
        (
            "baseline.yaml",
            "bias: {facets: [{colum: sex}], label_values: [1]}\n",
            "bias.facets[0].colum: unknown key; allowed: column, values, above; did you mean 'column'?",
        ),
        (
            "optimise.yaml",
            "steps:\n- {kind: fp16, tolerence: 1}\n",
            "optimise.yaml:2: steps[0].tolerence: unknown key; allowed: tolerance, kind; did you mean 'tolerance'?",
        ),
    ],
)
def test_what_is_wrong_is_told_with_line_key_and_remedy(tmp_path: Path, file: str, content: str, told: str) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises((InvalidPackageError, PackagingError)) as caught:
        READERS[file](tmp_path)
    assert told in str(caught.value)
