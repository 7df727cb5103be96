"""A model in any format, laid out as its serving plan says, in a serving process; what the format tests stand on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from model_packaging import Release, ReleaseStore, package
from model_packaging.formats import FORMATS, RecognisedModel, SampleFile, ServingPlan
from model_packaging.formats.model_format import Format, Processor
from model_packaging.images import LOCK_FILE, ImageLock
from model_packaging.judging import UNJUDGED
from model_packaging.release import Signature
from model_packaging.serving import ContainerSpec, VariantContainer

REPOSITORIES = {
    "huggingface": "huggingface-pytorch-inference",
    "pytorch": "pytorch-inference",
    "sklearn": "sagemaker-scikit-learn",
    "tensorflow": "tensorflow-inference",
}


@dataclass(frozen=True)
class Served:
    """A model that is served, and what was found out about it on the way."""

    model: RecognisedModel
    signature: Signature
    plan: ServingPlan
    container: VariantContainer

    def invoke(self, body: str | bytes, content_type: str, accept: str = "*/*", attributes: str | None = None):
        raw = body.encode() if isinstance(body, str) else body
        return self.container.invoke(raw, content_type, accept, attributes)


def sample_file(folder: Path, body: str | bytes, content_type: str) -> SampleFile:
    path = folder / f"sample-{len(list(folder.glob('sample-*')))}"
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    return SampleFile(path, path.name, content_type)


def lay_out(plan: ServingPlan, signature: Signature, folder: Path) -> None:
    for place, source in plan.files.items():
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    generated = dict(plan.generated)
    if plan.reads_signature:
        generated["code/signature.json"] = signature.model_dump_json().encode()
    for place, content in generated.items():
        target = folder / place
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def image_of(plan: ServingPlan) -> str:
    repository = REPOSITORIES.get(plan.image.framework, plan.image.framework)
    return f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{repository}:{plan.image.version}"


@contextmanager
def served(
    form: Format, path: Path, work: Path, samples: Sequence[SampleFile] = (), processor: Processor = "cpu"
) -> Iterator[Served]:
    model = form.recognise(path)
    assert model is not None
    signature = form.signature(model, samples)
    plan = form.serving(model, processor)
    folder = work / "opt-ml-model"
    lay_out(plan, signature, folder)
    environment = dict(plan.environment)
    if plan.entry_point is not None:
        environment |= {
            "SAGEMAKER_PROGRAM": plan.entry_point.removeprefix("code/"),
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        }
    spec = ContainerSpec("model", image_of(plan), environment, folder)
    container = VariantContainer.start(spec, work / "container", startup_timeout_seconds=120)
    try:
        yield Served(model, signature, plan, container)
    finally:
        container.stop()


def packaged(path: Path, work: Path, name: str, samples: Mapping[str, str | bytes]) -> Release:
    """A release of the model by package.yaml's short form, checked against the container contract on the way."""
    folder = work / name
    folder.mkdir()
    if path.is_dir():
        shutil.copytree(path, folder / "model")
    else:
        shutil.copyfile(path, folder / "model")
    (folder / "package.yaml").write_text("version: 1.0.0\nmodel: model\n", encoding="utf-8")
    (folder / "samples").mkdir()
    for file, body in samples.items():
        (folder / "samples" / file).write_bytes(body.encode() if isinstance(body, str) else body)
    model = next(found for form in FORMATS.values() if (found := form.recognise(folder / "model")) is not None)
    plan = FORMATS[model.format].serving(model, "cpu")
    lock = ImageLock(request=plan.image, resolved_with="a test", uris={"us-east-1": image_of(plan)})
    (folder / LOCK_FILE).write_text(lock.model_dump_json(exclude_none=True), encoding="utf-8")
    release = package(folder, ReleaseStore(work / "store"))
    assert package(folder, ReleaseStore(work / "again"), judges=UNJUDGED).digest == release.digest
    return release
