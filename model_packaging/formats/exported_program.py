"""Exported programs: what `torch.export.save` writes, `.pt2`, with the graph as JSON in a zip.

The graph says names, types and shapes of inputs and outputs, and which PyTorch wrote it; older files lie flat in the
zip, newer ones in an archive. PyTorch promises neither way that another release of it reads a file, so the release that
wrote it is what serves it.

Source: https://github.com/pytorch/pytorch/blob/main/torch/_export/serde/schema.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_packaging.formats.containers import release_of
from model_packaging.formats.errors import BrokenModelError, UnservableModelError
from model_packaging.formats.model_format import (
    CSV,
    JSON,
    NPY,
    REQUIREMENTS,
    Processor,
    RecognisedModel,
    SampleFile,
    ServingPlan,
)
from model_packaging.formats.samples import check_samples
from model_packaging.formats.torch_archive import OLD_PROGRAM, TorchArchive, read_torch_archive
from model_packaging.formats.torch_containers import NEWEST, tensor_code, torch_container
from model_packaging.release import Framework, Signature, TensorSpec

MODEL_FILE = "model.pt2"

SCALAR_TYPES: Mapping[int, str] = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64",
    10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16", 28: "uint16", 34: "uint32", 35: "uint64",
}  # fmt: skip
"""The schema's ScalarType in numpy's words."""


@dataclass(frozen=True)
class ExportedFacts:
    """What the graph says."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    torch_version: str
    """Without the build after `+`; empty where it says none."""


class ExportedProgramFormat:
    """Files of torch.export."""

    name = "torch_export"
    title = "torch.export"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By the program's JSON in the zip."""
        archive = read_torch_archive(path) if path.is_file() else None
        if archive is None or archive.content not in {"exported program", "compiled"}:
            return None
        if archive.content == "compiled":
            message = "it holds a library that AOTInductor compiled for one machine, and no program"
            raise UnservableModelError(path, self.title, message, fix="package what torch.export.save writes")
        facts = _facts(archive, self.title)
        version = facts.torch_version or "unknown"
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="pytorch", version=version),
            told=f"an exported program of PyTorch {version}, by its graph",
            path=path,
            files={MODEL_FILE: path},
            facts=facts,
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """The graph's inputs and outputs."""
        facts = model.facts_as(ExportedFacts)
        signature = Signature(inputs=facts.inputs, outputs=facts.outputs)
        check_samples(samples, signature)
        return signature

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by AWS's PyTorch container, with the PyTorch that wrote it."""
        version = model.facts_as(ExportedFacts).torch_version
        image = torch_container(model.path, self.title, processor)
        major, minor = release_of(version or NEWEST)
        same = (major, minor) == release_of(NEWEST)
        note = (
            f"AWS has no PyTorch {version} container; the {NEWEST} one is the nearest: it installs PyTorch "
            f"{major}.{minor} from code/requirements.txt when it starts (which needs the network), for no other "
            "release is promised to read the file"
        )
        requirements = {} if same else {REQUIREMENTS: f"torch=={major}.{minor}.*\n".encode()}
        return ServingPlan(
            image=image,
            image_note=None if same else note,
            files=model.files,
            generated={**tensor_code("torch_inference.py"), **requirements},
            content_types=(JSON, CSV, NPY),
            reads_signature=True,
        )


def _facts(archive: TorchArchive, title: str) -> ExportedFacts:
    programs = sorted(one for one in archive.names if one.startswith("models/") and one.endswith(".json"))
    name = OLD_PROGRAM if OLD_PROGRAM in archive.names else programs[0]
    if len(programs) > 1:
        message = f"the archive has {len(programs)} programs: {', '.join(programs)}"
        raise UnservableModelError(archive.path, title, message, allowed="one program", fix="save each by itself")
    try:
        content = json.loads(archive.read(name))
        graph, signature = content["graph_module"]["graph"], content["graph_module"]["signature"]
        inputs = tuple(_tensors(graph, signature["input_specs"], "user_input"))
        outputs = tuple(_tensors(graph, signature["output_specs"], "user_output"))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        message = f"the program's JSON ({name}) is damaged, or of a schema that is not known: {error!r}"
        raise BrokenModelError(archive.path, title, message) from error
    if not inputs or not outputs:
        message = "the program reads no tensor, or gives none"
        raise UnservableModelError(archive.path, title, message, fix="export a model of tensors")
    return ExportedFacts(inputs, outputs, str(content.get("torch_version", "")).partition("+")[0].removeprefix("<="))


def _tensors(graph: Mapping[str, Any], specs: Sequence[Mapping[str, Any]], kind: str) -> Iterator[TensorSpec]:
    for spec in specs:
        if kind in spec and "as_tensor" in spec[kind]["arg"]:
            name = spec[kind]["arg"]["as_tensor"]["name"]
            value = graph["tensor_values"][name]
            shape = tuple(one.get("as_int") if isinstance(one, dict) else None for one in value["sizes"])
            yield TensorSpec(name=name, dtype=SCALAR_TYPES[value["dtype"]], shape=shape)
