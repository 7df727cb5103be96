"""Projects of N models, made from the repository's own: the tumor model under other names, each packaged and pinned."""

from __future__ import annotations

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MODEL = "tumor"


def make_project(folder: Path, count: int) -> Path:
    """A copy of the repository's project with `count` models and the environment `dev` that runs them all.

    Args:
        folder: gets the project.
        count: how many models.

    Returns:
        The project's folder; its releases are in `folder/.greenroom`.
    """
    from model_packaging import ReleaseStore, package
    from model_packaging.judging import UNJUDGED

    shutil.copytree(REPOSITORY / "stacks", folder / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "environments").mkdir()
    shutil.copy(REPOSITORY / "Pulumi.yaml", folder)
    shutil.copy(REPOSITORY / "environments" / "artifacts.yaml", folder / "environments")
    store = ReleaseStore(folder / ".greenroom" / "releases")
    pins = []
    for number in range(count):
        name = f"{MODEL}-{number:03}"
        model = shutil.copytree(REPOSITORY / "models" / MODEL, folder / "models" / name)
        spec = model / "model.yaml"
        spec.write_text(spec.read_text("utf-8").replace(f"name: {MODEL}\n", f"name: {name}\n"), "utf-8")
        pins.append(f"  {name}: {package(model, store, judges=UNJUDGED).digest}")
    environment = (REPOSITORY / "environments" / "dev.yaml").read_text("utf-8").partition("releases:")[0]
    text = environment + "releases:\n" + "\n".join(pins) + "\n"
    (folder / "environments" / "dev.yaml").write_text(text, "utf-8")
    return folder


def plain_project(folder: Path) -> Path:
    """A copy of the plain program."""
    return Path(shutil.copytree(Path(__file__).with_name("plain"), folder))
