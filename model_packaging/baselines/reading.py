"""`baseline.yaml` read and checked, with the columns that it names: every broken rule at once, with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from model_packaging.baselines.baseline_spec import BASELINE_FILE, BaselineSpec
from model_packaging.baselines.errors import BaselineDataError
from model_packaging.complaints import complaints, did_you_mean
from model_packaging.errors import Violation
from model_packaging.yaml_lines import KeyPath, YamlDocument, dotted, read_yaml


@dataclass(frozen=True)
class BaselineFile:
    """A `baseline.yaml` that breaks no rule, or the one that a model without it has."""

    spec: BaselineSpec
    document: YamlDocument
    shown: str

    def column_violations(self, names: Sequence[str], data: str) -> Iterator[Violation]:
        """Columns that the spec names and the data has not."""
        for path, name in self._columns():
            if name not in names:
                fix = did_you_mean(name, names)
                message = f"{data} has no column {name!r}"
                allowed = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
                yield Violation(self.shown, self.document.line(path), dotted(path), name, message, allowed, fix)

    def _columns(self) -> Iterator[tuple[KeyPath, str]]:
        spec = self.spec
        single: list[tuple[KeyPath, str | None]] = [(("label",), spec.label)]
        many: list[tuple[KeyPath, Sequence[str] | None]] = [
            (("columns",), spec.columns),
            (("leave_out",), spec.leave_out),
            (("outputs",), spec.outputs),
        ]
        if spec.model_quality is not None:
            single += [
                (("model_quality", name), getattr(spec.model_quality, name)) for name in ("predicted", "probability")
            ]
        if spec.bias is not None:
            single += [(("bias", name), getattr(spec.bias, name)) for name in ("predicted", "group")]
            single += [(("bias", "facets", index, "column"), one.column) for index, one in enumerate(spec.bias.facets)]
        if spec.explainability is not None:
            many.append((("explainability", "features_to_explain"), spec.explainability.features_to_explain))
            if spec.explainability.pdp is not None:
                many.append((("explainability", "pdp", "features"), spec.explainability.pdp.features))
        yield from ((path, name) for path, name in single if name is not None)
        for path, names in many:
            yield from (((*path, index), name) for index, name in enumerate(names or ()))
        yield from ((("types", name), name) for name in spec.types)


def read_baseline_file(model_folder: Path) -> BaselineFile:
    """Reads `baseline.yaml`; without the file everything in it is left out.

    Raises:
        InvalidPackageError: it is not YAML.
        BaselineDataError: with every violation.
    """
    path = model_folder / BASELINE_FILE
    shown = path.as_posix()
    if not path.exists() and not path.is_symlink():
        return BaselineFile(BaselineSpec(), YamlDocument({}, {}), shown)
    document = read_yaml(path, shown, or_empty=True)
    try:
        spec = BaselineSpec.model_validate({} if document.content is None else document.content)
    except ValidationError as error:
        raise BaselineDataError(complaints(error, BaselineSpec, document, shown)) from error
    return BaselineFile(spec, document, shown)
