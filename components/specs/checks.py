"""`check`: a project's pins against the releases at hand. No AWS, no network."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from components.specs.deployment_rules import release_rules
from components.specs.environment import Environment
from components.specs.project import Project
from components.specs.reading import violation_of
from components.specs.violations import Rule, SpecError, SpecPath, UnknownStackError, Violation
from model_packaging.errors import DigestMismatchError, PackagingError, ReleaseNotFoundError
from model_packaging.package_spec import PACKAGE_FILE
from model_packaging.release import Release


class Releases(Protocol):
    """Where releases are found by name and digest: `model_packaging.store.ReleaseStore`."""

    def load(self, name: str, digest: str) -> Release:
        """The release, verified."""
        ...


def check(project: Project, store: Releases | None, environments: Collection[str] = ()) -> None:
    """Checks what loading a project does not: that the pinned releases are there, whole, and fit where they are pinned.

    Args:
        project: as loaded, hence valid in itself.
        store: the releases at hand; `None`: they are not looked at.
        environments: the environments to check; none named: all.

    Raises:
        UnknownStackError: an environment that is not there.
        SpecError: everything that is wrong.
    """
    for name in environments:
        if name not in project.environments:
            raise UnknownStackError(name, tuple(project.environments))
    if store is None:
        return
    violations = [
        violation
        for name, environment in project.environments.items()
        if not environments or name in environments
        for violation in _pin_violations(project, environment, store)
    ]
    if violations:
        raise SpecError(violations)


def _pin_violations(project: Project, environment: Environment, store: Releases) -> Iterator[Violation]:
    layers = (project.layers[environment.name],)
    for model, pin in environment.releases.items():
        found = []
        for path, digest in _digests(model, pin.digest, pin.previous):
            release = _load(project, store, model, digest)
            if isinstance(release, Rule):
                yield violation_of(
                    Rule((*path, *release.path), release.message, digest, release.allowed, release.fix), layers
                )
            elif release is not None:
                found.append(release)
        if len(found) == 1 + len(pin.previous):
            spec = project.effective[environment.name, model]
            for rule in release_rules(spec, environment, found[0], found[1:]):
                at = Rule(("releases", model), rule.message, rule.value, rule.allowed, rule.fix)
                yield violation_of(at, layers)


def _digests(model: str, digest: str, previous: tuple[str, ...]) -> Iterator[tuple[SpecPath, str]]:
    yield ("releases", model), digest
    for index, one in enumerate(previous):
        yield ("releases", model, "previous", index), one


def _load(project: Project, store: Releases, model: str, digest: str) -> Release | Rule | None:
    """The release; or what is wrong with it; or `None` where it can still be packaged."""
    try:
        return store.load(model, digest)
    except ReleaseNotFoundError as error:
        if (project.root / "models" / model / PACKAGE_FILE).is_file():  # which gives it anew
            return None
        return Rule((), _flat(error), fix=f"package it, or pin one that is there; {model} has no {PACKAGE_FILE}")
    except DigestMismatchError as error:
        return Rule((), _flat(error), fix="delete the damaged release and package it again")
    except PackagingError as error:
        return Rule((), _flat(error))


def _flat(error: Exception) -> str:
    return "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
