"""What package.yaml leaves out, taken from the model itself: format, files, serving code, signature, container.

The short form's half of reading a model's folder. What is written down holds; what is not comes from the format that
was recognised (`model_packaging.formats`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats import FORMATS, SampleFile, ServingPlan, recognise
from model_packaging.formats.model_format import SIGNATURE_FILE
from model_packaging.formats.onnx_format import read_onnx_signature
from model_packaging.formats.samples import check_samples
from model_packaging.package_spec import OnnxSignature, PackageSpec, ServingImageRequest, container_environment
from model_packaging.release import Framework, Sample, Signature

SAMPLES_FOLDER = "samples"

MAXIMUM_SAMPLE_BYTES = 100 * 1024**2
"""Of a batch transform's `MaxPayloadInMB`; an endpoint takes less.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
"""

TRUTH_FILE = "truth.json"
"""Among the samples: the answers that are right, no request."""

SAMPLE_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".npy": "application/x-npy",
    ".jsonl": "application/jsonlines",
    ".txt": "text/plain",
    ".parquet": "application/x-parquet",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".pgm": "image/x-portable-graymap",
    ".bin": "application/octet-stream",
}
"""A sample's ending to the content type that it is sent with."""


@dataclass(frozen=True)
class Content:
    """All that a release is made of, written down or derived."""

    framework: Framework
    signature: Signature
    serving_image: ServingImageRequest
    environment: Mapping[str, str]
    files: Mapping[str, Path]
    """Place under `/opt/ml/model` to file."""
    generated: Mapping[str, bytes] = field(default_factory=dict)
    """Place under `/opt/ml/model` to bytes."""
    samples: tuple[SampleFile, ...] = ()
    format: str | None = None
    """None in the long form, where nobody asks."""
    told: str | None = None
    """What was recognised, for a person."""
    image_note: str | None = None
    """What a person should know of the container."""
    content_types: tuple[str, ...] | None = None


def written_content(spec: PackageSpec, model_folder: Path) -> Content:
    """The long form's.

    Raises:
        InvalidPackageError: the signature cannot be read, or a sample does not fit it.
    """
    framework, files, image = spec.framework, spec.files, spec.serving_image
    if framework is None or files is None or image is None or spec.signature is None:
        raise TypeError("the long form was not checked")
    samples = find_samples(model_folder, spec.samples)
    signature = _written_signature(spec.signature, model_folder)
    check_samples(samples, signature)
    return Content(
        framework=framework,
        signature=signature,
        serving_image=image,
        environment=container_environment(spec.entry_point, spec.environment),
        files={target: model_folder / source for target, source in files.items()},
        samples=samples,
        content_types=_content_types(spec, None, samples),
    )


def derived_content(spec: PackageSpec, model: str, model_folder: Path) -> Content:
    """The short form's.

    Raises:
        InvalidPackageError: the model is of no known format, cannot be served as it is asked for, says nothing of its
            signature, or a sample does not fit it.
    """
    recognised = recognise(model_folder / model)
    if spec.framework is not None:
        recognised = replace(recognised, framework=spec.framework)
    written = {target: model_folder / source for target, source in (spec.files or {}).items()}
    recognised = replace(recognised, files={**_without_doubles(recognised.files, written), **written})
    model_format = FORMATS[recognised.format]
    samples = find_samples(model_folder, spec.samples or _default_samples(model_folder))
    if spec.signature is None:
        signature = model_format.signature(recognised, samples)
    else:
        signature = _written_signature(spec.signature, model_folder)
        check_samples(samples, signature)
    plan = model_format.serving(recognised, spec.processor or "cpu")
    entry_point = spec.entry_point or plan.entry_point
    return Content(
        framework=recognised.framework,
        signature=signature,
        serving_image=spec.serving_image or plan.image,
        environment=container_environment(entry_point, {**plan.environment, **spec.environment}),
        files=recognised.files,
        generated=_generated(plan, signature, recognised.files, entry_point),
        samples=samples,
        format=recognised.format,
        told=recognised.told,
        image_note=plan.image_note if spec.serving_image is None else None,
        content_types=_content_types(spec, plan, samples),
    )


def find_samples(model_folder: Path, samples: str | None) -> tuple[SampleFile, ...]:
    """The requests in the folder, ordered by path.

    Raises:
        InvalidPackageError: the folder is not there, or a file is of no type that is known.
    """
    if samples is None:
        return ()
    folder = model_folder / samples
    if not folder.is_dir():
        message = "there is no such folder of samples"
        raise InvalidPackageError([Violation(folder.as_posix(), None, "", None, message, fix="write requests into it")])
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _is_hidden(path.relative_to(folder))]
    requests = [path for path in paths if path.name != TRUTH_FILE]
    unknown = [path for path in requests if path.suffix.lower() not in SAMPLE_TYPES]
    if unknown:
        message = "is a sample whose content type its ending does not tell"
        allowed = ", ".join(SAMPLE_TYPES)
        raise InvalidPackageError(
            [Violation(path.as_posix(), None, "", path.suffix, message, allowed, "rename it") for path in unknown]
        )
    too_long = [path for path in requests if path.stat().st_size > MAXIMUM_SAMPLE_BYTES]
    if too_long:
        allowed = f"at most {MAXIMUM_SAMPLE_BYTES // 1024**2} MiB"
        told = [(path.as_posix(), path.stat().st_size) for path in too_long]
        message = "is longer than a request may be"
        raise InvalidPackageError([Violation(path, None, "", size, message, allowed) for path, size in told])
    return tuple(SampleFile(path, path.as_posix(), SAMPLE_TYPES[path.suffix.lower()]) for path in requests)


def release_samples(samples: tuple[SampleFile, ...], model_folder: Path, folder: str | None) -> dict[Sample, Path]:
    """Each sample as the release lists it, to its file."""
    root = model_folder / (folder or SAMPLES_FOLDER)
    return {
        Sample(
            file=f"{SAMPLES_FOLDER}/{one.path.relative_to(root).as_posix()}", content_type=one.content_type
        ): one.path
        for one in samples
    }


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _default_samples(model_folder: Path) -> str | None:
    return SAMPLES_FOLDER if (model_folder / SAMPLES_FOLDER).is_dir() else None


def _written_signature(signature: Signature | OnnxSignature, model_folder: Path) -> Signature:
    if isinstance(signature, OnnxSignature):
        return read_onnx_signature(model_folder / signature.onnx)
    return signature


def _without_doubles(files: Mapping[str, Path], written: Mapping[str, Path]) -> dict[str, Path]:
    """A file of the model that package.yaml puts elsewhere lies there only."""
    moved = {path.resolve() for path in written.values()}
    return {target: path for target, path in files.items() if path.resolve() not in moved}


def _generated(
    plan: ServingPlan, signature: Signature, files: Mapping[str, Path], entry_point: str | None
) -> dict[str, bytes]:
    """What is not among the user's files; without the code of an entry point that is the user's own."""
    own_code = entry_point in files
    generated = dict(plan.generated)
    if plan.reads_signature:
        generated[SIGNATURE_FILE] = (signature.model_dump_json(indent=2) + "\n").encode()
    return {
        target: content
        for target, content in generated.items()
        if target not in files and not (own_code and target.endswith(".py"))
    }


def _content_types(
    spec: PackageSpec, plan: ServingPlan | None, samples: tuple[SampleFile, ...]
) -> tuple[str, ...] | None:
    """That of the samples first."""
    known = spec.content_types or (None if plan is None else plan.content_types)
    if known is None:
        return None
    first = [one.content_type for one in samples if one.content_type in known]
    return tuple(dict.fromkeys([*first, *known]))
