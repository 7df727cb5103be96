"""AWS's framework containers (scikit-learn, PyTorch, XGBoost, …): they call the release's handlers.

`SAGEMAKER_PROGRAM` names the entry point in `SAGEMAKER_SUBMIT_DIRECTORY`; what its `requirements.txt` asks for is
installed in AWS when the container starts, and here must be there already.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from model_packaging.media_types import JSON
from model_packaging.serving.exception_answers import status_of_exceptions
from model_packaging.serving.handlers import ReleaseHandlers, import_program
from model_packaging.serving.kinds import CannotStartError, repository_of


def load(folder: Path, environment: Mapping[str, str]) -> ReleaseHandlers:
    """The release's handlers, with the model loaded by them.

    Raises:
        CannotStartError: there is no such program, it breaks the handlers' contract, or a requirement is not met.
    """
    submit_directory = Path(environment.get("SAGEMAKER_SUBMIT_DIRECTORY", str(folder / "code")))
    require(submit_directory / "requirements.txt")
    module = import_program(environment.get("SAGEMAKER_PROGRAM", "inference.py"), submit_directory)
    accept = environment.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", JSON)
    status_of = status_of_exceptions(repository_of(environment.get("GREENROOM_IMAGE", "")))
    return ReleaseHandlers(module, folder, default_accept=accept, status_of=status_of)


def require(requirements: Path) -> None:
    """Compares a file of requirements, if it is there, with what is installed.

    Raises:
        CannotStartError: something it asks for is not; says how to install it.
    """
    if not requirements.is_file():
        return
    # Imported only where a release has requirements: a container's start is time the user waits.
    from model_packaging.serving.requirements import unmet_requirements

    unmet = unmet_requirements(requirements)
    if unmet:
        wanted = " ".join(f"'{line}'" for line in unmet)
        raise CannotStartError(
            f"{requirements} asks for what is not installed here: {', '.join(unmet)}. In AWS the container "
            f"installs it when it starts; here: {sys.executable} -m pip install {wanted}"
        )
