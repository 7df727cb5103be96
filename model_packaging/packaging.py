"""`package`: a model's folder becomes a release in a store.

Nothing of the machine goes into its digest: no time, no mode, no owner, no absolute path; files are ordered by their
place in the release. So the same files give the same digest anywhere. A release is judged before the store takes it
(`judging`), and what was found out about it is its evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from model_packaging.evidence import BILL_OF_MATERIALS, CHECKOUT, SCAN_REPORT, read_evidence, write_evidence
from model_packaging.gate import read_gate
from model_packaging.images import pinned_image
from model_packaging.judging import Judges, Judging, is_judged
from model_packaging.load_test import read_load_test
from model_packaging.optimisation import pinned_optimisation
from model_packaging.reading import read_model_folder
from model_packaging.release import Release, sealed
from model_packaging.staging import StagedRelease
from model_packaging.store import ReleaseStore
from model_packaging.trust.bill_of_materials import bill_of_materials
from model_packaging.trust.checkout import checkout
from model_packaging.trust.scanning import scan_files

REQUIREMENTS = "/requirements.txt"

Tell = Callable[[str], None]


def package(
    model_folder: Path,
    store: ReleaseStore,
    *,
    git_commit: str | None = None,
    resolve_image: bool = False,
    judges: Judges | None = None,
    with_load_test: bool = True,
    tell: Tell | None = None,
) -> Release:
    """Makes a release of a model's folder, judges it, and puts it into `store`.

    A release that the store has already is returned as it is there, with the git commit it was first made at; it is
    judged again where its gate has changed since, or `judges` says so.

    Args:
        model_folder: `models/NAME`, with its `package.yaml`; the folder's name is the model's.
        store: Where the release goes.
        git_commit: Where the files came from; told in the release, no part of its digest.
        resolve_image: Resolve the serving image anew, whatever `image.lock.json` pins.
        judges: What it must pass; without it, the container contract and its gate. `UNJUDGED` for none.
        with_load_test: Whether `load_test.json` beside the model goes into the release; not where it is measured anew.
        tell: Gets a line for a person: what the model was recognised as, what the container is where AWS has none
            for it, what is being checked; without it nobody is told.

    Raises:
        InvalidPackageError: the folder breaks rules: all of them, with file and line.
        RefusedFilesError: a file may do harm: a pickle that runs code, a secret, a link that leads out.
        ServingImageError: the serving image is not pinned and cannot be resolved.
        ContractFailedError: the release does not behave as SageMaker needs it to.
        GateFailedError: the release is not good enough.
        DigestMismatchError: the store has the release already, and its files were changed there.
    """
    judges, tell = Judges() if judges is None else judges, tell or (lambda _line: None)
    model = read_model_folder(model_folder)
    gate = read_gate(model_folder)
    content = model.content
    with store.staging() as staged:
        scanned = scan_files(model.sources, allowed=model.spec.scan, root=model_folder, copy=staged.copies)
        for line in (content.told, content.image_note):
            if line is not None:
                tell(line)
        image = pinned_image(model_folder, content.serving_image, resolve=resolve_image)
        staged.write_all(model.generated)
        release = sealed(
            {
                "name": model.name,
                "version": model.spec.version,
                "files": staged.files,
                "framework": content.framework,
                "signature": content.signature,
                "metrics": model.metrics,
                "git_commit": git_commit,
                "serving_image": image,
                "environment": dict(content.environment),
                "format": content.format,
                "content_types": content.content_types,
                "samples": model.samples,
                "lineage": model.spec.lineage,
                "load_test": read_load_test(model_folder, staged.files) if with_load_test else None,
                "optimisation": pinned_optimisation(model_folder),
            }
        )
        place = store.folder(release.name, release.digest)
        is_held = store.holds(release)
        if is_held:
            store.verify_files(release)  # what was changed there since must not pass for what is here
        if is_held and is_judged(read_evidence(place, release.name, release.digest), gate, judges):
            return store.load(release.name, release.digest)
        evidence = {
            SCAN_REPORT: scanned.to_json(),
            BILL_OF_MATERIALS: bill_of_materials(release, _requirements(staged)),
            CHECKOUT: checkout(model_folder),
            **Judging(judges, store, tell).judge(staged.folder, release, gate),
        }
        write_evidence(place if is_held else staged.folder, release.digest, evidence)
        return store.add(release, staged)


def _requirements(staged: StagedRelease) -> dict[str, str]:
    """The texts of the requirements that the container installs, by place in the release."""
    paths = [file.path for file in staged.files if file.path.endswith(REQUIREMENTS)]
    return {path: (staged.folder / path).read_bytes().decode(errors="replace") for path in paths}
