"""Writes components/specs/instance_table.py anew: `.venv/bin/python tests/unit/specs/generate_instance_table.py`.

Names come from botocore's SageMaker model, sizes from the copy of EC2's DescribeInstanceTypes that moto carries, and
what neither has (retired or pre-announced types) from EC2's pages, by hand.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[3] / "components" / "specs" / "instance_table.py"

# (vCPUs, memory in MiB, accelerators, local storage in GB, architecture)
BY_HAND = {
    # https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html and pg.html
    "dl1.24xlarge": (96, 786432, 8, 4000, "x86_64"),
    "p2.xlarge": (4, 62464, 1, 0, "x86_64"),
    "p2.8xlarge": (32, 499712, 8, 0, "x86_64"),
    "p2.16xlarge": (64, 749568, 16, 0, "x86_64"),
    "p3.2xlarge": (8, 62464, 1, 0, "x86_64"),
    "p3.8xlarge": (32, 249856, 4, 0, "x86_64"),
    "p3.16xlarge": (64, 499712, 8, 0, "x86_64"),
    "p6e-gb200.36xlarge": (144, 983040, 4, 22500, "arm64"),
}

HEAD = '''"""The instance types of SageMaker hosting and processing: generated, do not edit.

Names: botocore's ProductionVariantInstanceType and ProcessingInstanceType. Sizes: EC2's DescribeInstanceTypes, see
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html for local storage. Written by
tests/unit/specs/generate_instance_table.py; tests compare it with both. Long because the list is.
"""

# name: (vCPUs, memory in MiB, accelerators, local NVMe storage in GB, architecture, for hosting, for processing)
TABLE: dict[str, tuple[int, int, int, int, str, bool, bool]] = {
'''


def hosting_and_processing() -> tuple[list[str], list[str]]:
    from botocore.loaders import Loader

    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    return shapes["ProductionVariantInstanceType"]["enum"], shapes["ProcessingInstanceType"]["enum"]


def ec2() -> dict[str, Any]:
    import moto

    path = Path(moto.__file__).parent / "ec2" / "resources" / "instance_types.json.gz"
    known: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return known


def count(one: dict[str, Any], info: str, devices: str) -> int:
    return sum(device["Count"] for device in one.get(info, {}).get(devices, []))


def sizes(name: str, known: dict[str, Any]) -> tuple[int, int, int, int, str]:
    if name in BY_HAND:
        return BY_HAND[name]
    one = known[name]
    accelerators = (
        count(one, "GpuInfo", "Gpus")
        or count(one, "NeuronInfo", "NeuronDevices")
        or count(one, "InferenceAcceleratorInfo", "Accelerators")
    )
    architecture = "arm64" if "arm64" in one["ProcessorInfo"]["SupportedArchitectures"] else "x86_64"
    storage = one.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0)
    return one["VCpuInfo"]["DefaultVCpus"], one["MemoryInfo"]["SizeInMiB"], accelerators, storage, architecture


def table() -> dict[str, tuple[int, int, int, int, str, bool, bool]]:
    hosting, processing = hosting_and_processing()
    known = ec2()
    return {
        name: (*sizes(name.removeprefix("ml."), known), name in hosting, name in processing)
        for name in sorted({*hosting, *processing})
    }


def text() -> str:
    def row(cells: tuple[object, ...]) -> str:
        return ", ".join(f'"{cell}"' if isinstance(cell, str) else str(cell) for cell in cells)

    return HEAD + "".join(f'    "{name}": ({row(cells)}),\n' for name, cells in table().items()) + "}\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
