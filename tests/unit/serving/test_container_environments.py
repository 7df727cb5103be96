"""A container sees its own environment, and of ours only what an interpreter needs."""

from __future__ import annotations

from pathlib import Path

from model_packaging.serving import ContainerSpec
from model_packaging.serving.container import container_environment
from model_packaging.serving.requirements import unmet_requirements

OURS = {
    "PATH": "/usr/bin",
    "LANG": "C.UTF-8",
    "HOME": "/home/somebody",
    "AWS_ACCESS_KEY_ID": "123456789012",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_PROFILE": "prod",
    "PULUMI_CONFIG_PASSPHRASE": "test",
}


def test_the_whole_environment(tmp_path):
    given = {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        "MODEL": "/opt/ml/model",
        "OTHER": "/opt/ml/models",
        "LANG": "de_DE.UTF-8",
    }
    data, work = tmp_path / "data", Path("/work")
    assert container_environment(ContainerSpec("m", "image:1", given, data), work, OURS) == {
        "PATH": "/usr/bin",
        "LANG": "de_DE.UTF-8",
        "HOME": "/work",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GREENROOM_IMAGE": "image:1",
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": f"{data}/code",
        "MODEL": str(data),
        "OTHER": "/opt/ml/models",
        "SM_MODEL_DIR": str(data),
    }


def test_requirements_that_are_not_met_are_told(tmp_path):
    path = tmp_path / "requirements.txt"
    assert unmet_requirements(path) == ()
    path.write_text("# what we need\n\nPyYAML>=5  # read specs\nnumpy<1\n--no-index\nno-such-package-here\nnot a name!\n"
                    "also-not-here; python_version < '3'\n")  # fmt: skip
    assert unmet_requirements(path) == ("numpy<1", "no-such-package-here", "not a name!")
