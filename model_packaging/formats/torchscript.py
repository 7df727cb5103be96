"""TorchScript: a program of PyTorch's, with its weights, as `torch.jit.save` writes it.

The program says the names of its inputs and how many outputs it has, as text; it does not say their types and shapes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model_packaging.formats.errors import OWN_MODULE, BrokenModelError, UnservableModelError
from model_packaging.formats.model_format import CSV, JSON, NPY, Processor, RecognisedModel, SampleFile, ServingPlan
from model_packaging.formats.neuron_containers import compiled_for_neuron, is_compiled_for_neuron, neuron_container
from model_packaging.formats.pickle_reader import read_pickle
from model_packaging.formats.pickled import NotAPickleError, PickledObject
from model_packaging.formats.samples import check_samples
from model_packaging.formats.tensor_samples import no_sample, tensors_of_samples
from model_packaging.formats.torch_archive import TorchArchive, read_torch_archive
from model_packaging.formats.torch_containers import NEWEST, tensor_code, torch_container
from model_packaging.release import Framework, Signature, TensorSpec

MODEL_FILE = "model.pt"

_FORWARD = re.compile(r"def forward\(\w+: (?P<type>[\w.]+)(?P<arguments>[^)]*)\) -> (?P<answer>[^:]+):", re.DOTALL)
_ARGUMENT = re.compile(r"(\w+): ")


@dataclass(frozen=True)
class TorchScriptFacts:
    """What the program says of `forward`."""

    inputs: tuple[str, ...]
    outputs: int
    is_compiled_for_neuron: bool = False


class TorchScriptFormat:
    """TorchScript files."""

    name = "torchscript"
    title = "TorchScript"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By the program's code in the zip; weights without a program are refused by what they are."""
        archive = read_torch_archive(path) if path.is_file() else None
        if archive is None or archive.content not in {"torchscript", "weights"}:
            return None
        if archive.content == "weights":
            message = "the file is PyTorch's, and holds weights or a pickled object: there is no program to run"
            fix = f"save the model with torch.export.save or torch.jit.save, or {OWN_MODULE}"
            raise UnservableModelError(path, "PyTorch", message, fix=fix)
        version, facts = archive.version() or "unknown", _facts(archive, self.title)
        compiled = ", compiled for Neuron" if facts.is_compiled_for_neuron else ""
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="pytorch", version=f"TorchScript {version}"),
            told=f"TorchScript, file format {version}{compiled}, by the program in its zip",
            path=path,
            files={MODEL_FILE: path},
            facts=facts,
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """Names from the program, types and shapes of inputs from samples.

        Of outputs the program tells only how many there are; they are said to be rows of float32, which is PyTorch's
        own type. Write them into package.yaml where they are not.
        """
        facts = model.facts_as(TorchScriptFacts)
        inputs = tensors_of_samples(samples, facts.inputs)
        if inputs is None:
            raise no_sample(model.path, self.title)
        names = ["output"] if facts.outputs == 1 else [f"output_{place}" for place in range(facts.outputs)]
        outputs = tuple(TensorSpec(name=name, dtype="float32", shape=(None,)) for name in names)
        signature = Signature(inputs=inputs, outputs=outputs)
        check_samples(samples, signature)
        return signature

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by AWS's PyTorch container; on Inferentia by its Neuron container, if it was compiled for it."""
        compiled = model.facts_as(TorchScriptFacts).is_compiled_for_neuron
        if processor == "inferentia":
            how = "torch_neuronx.trace, or the neuron step of optimise.yaml"
            image, note = neuron_container(model.path, self.title, compiled=compiled, compile_with=how)
        elif compiled:
            raise compiled_for_neuron(model.path, self.title, processor)
        else:
            image = torch_container(model.path, self.title, processor)
            note = (
                f"TorchScript does not say which PyTorch wrote it; AWS's newest PyTorch container has {NEWEST}, which "
                "lacks operators that are newer"
            )
        return ServingPlan(
            image=image,
            image_note=note,
            files=model.files,
            generated=tensor_code("torch_inference.py"),
            content_types=(JSON, CSV, NPY),
            reads_signature=True,
        )


def _facts(archive: TorchArchive, title: str) -> TorchScriptFacts:
    """Of the outermost module, whose class `data.pkl` names."""
    try:
        root = read_pickle(io.BufferedReader(io.BytesIO(archive.read("data.pkl")))).root
    except NotAPickleError as error:
        raise BrokenModelError(archive.path, title, f"the program's data.pkl is damaged: {error}") from error
    module, _, name = root.class_name.rpartition(".") if isinstance(root, PickledObject) else ("", "", "")
    member = f"code/{module.replace('.', '/')}.py"
    code = archive.read(member).decode(errors="replace") if member in archive.names else ""
    found = _FORWARD.search(code, max(code.find(f"class {name}("), 0))
    if found is None:
        raise BrokenModelError(archive.path, title, f"the program has no forward method of {module}.{name}")
    answer = found["answer"].strip()
    outputs = answer.count("Tensor") if answer.startswith("Tuple[") else 1
    return TorchScriptFacts(
        tuple(_ARGUMENT.findall(found["arguments"])), max(outputs, 1), is_compiled_for_neuron(archive)
    )
