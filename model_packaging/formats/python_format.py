"""Python functions: a folder with an inference module of its own, for any model that Python can load.

The module is `inference.py` (or `code/inference.py`) with the handlers that AWS's containers call: `model_fn`,
and `transform_fn` or those it stands for. Whatever else lies in the folder goes with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats.containers import python_container
from model_packaging.formats.errors import BrokenModelError
from model_packaging.formats.model_format import CSV, JSON, Processor, RecognisedModel, SampleFile, ServingPlan
from model_packaging.formats.samples import check_samples, inputs_of_samples
from model_packaging.release import Framework, Signature, TensorSpec

MODULES = ("inference.py", "code/inference.py")
HANDLERS = ("model_fn", "input_fn", "predict_fn", "output_fn", "transform_fn")
CONTAINER_PYTHON = "3.12"


class PythonFormat:
    """A folder with its own inference module."""

    name = "python"
    title = "Python functions (a folder with inference.py)"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By the handlers that the module defines; it is parsed, not run."""
        if not path.is_dir():
            return None
        module = next((one for one in MODULES if (path / one).is_file()), None)
        if module is None:
            return None
        handlers = _handlers(path / module)
        if "model_fn" not in handlers:
            message = f"{module} has no model_fn(model_dir), which must return the loaded model"
            raise BrokenModelError(path / module, "Python functions", message, fix="write it")
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="python", version=CONTAINER_PYTHON),
            told=f"Python functions, by {', '.join(handlers)} in {module}",
            path=path,
            files=dict(_placed(path, in_code=module == MODULES[0])),
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """As the samples show it; a module says nothing of what it reads."""
        inputs = inputs_of_samples(samples)
        if inputs is None:
            message = "an inference module does not say what it reads, and there is no sample with rows"
            fix = "put a request with rows into samples/ (CSV or JSON), or write the signature into package.yaml"
            raise InvalidPackageError([Violation(model.path.as_posix(), None, "", None, message, fix=fix)])
        signature = Signature(inputs=inputs, outputs=(TensorSpec(name="predictions", dtype="object", shape=(None,)),))
        check_samples(samples, signature)
        return signature

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by the module in a container that calls its handlers."""
        image, note = python_container(model.path, "Python functions", processor)
        return ServingPlan(image=image, image_note=note, files=model.files, content_types=(CSV, JSON))


def _handlers(module: Path) -> tuple[str, ...]:
    try:
        tree = ast.parse(module.read_bytes())
    except (SyntaxError, ValueError, RecursionError) as error:
        line = f"line {error.lineno}: " if isinstance(error, SyntaxError) else ""
        raise BrokenModelError(module, "Python functions", f"is not Python: {line}{error}", fix="correct it") from error
    defined = {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    for one in tree.body:
        if isinstance(one, ast.ImportFrom):
            defined |= {name.asname or name.name for name in one.names}
        elif isinstance(one, ast.Assign):
            defined |= {target.id for target in one.targets if isinstance(target, ast.Name)}
    return tuple(name for name in HANDLERS if name in defined)


def _placed(folder: Path, *, in_code: bool) -> Iterator[tuple[str, Path]]:
    """Python files and requirements go into `code/` where the module is not there already; all else stays."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not path.is_file() or any(part.startswith(".") or part == "__pycache__" for part in relative.parts):
            continue
        is_code = relative.suffix == ".py" or relative.name == "requirements.txt"
        yield (f"code/{relative.as_posix()}" if in_code and is_code else relative.as_posix()), path
