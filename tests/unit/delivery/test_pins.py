"""A new release changes one value in the environment's file, and no other byte."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from greenroom.delivery.pins import pin_release
from greenroom.errors import ReleasePinError

OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64


def pinned(tmp_path: Path, text: str, model: str = "tumor") -> tuple[str | None, str]:
    file = tmp_path / "dev.yaml"
    file.write_bytes(text.encode())
    before = pin_release(file, model, NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["dev.yaml"]
    return before, file.read_bytes().decode()


@pytest.mark.parametrize(
    "text",
    [
        f"name: dev\nreleases:\n  tumor: {OLD}  # March's\n  other: {OLD}\n",
        f"releases:\n  other: x\n  tumor:\n    digest: {OLD} # why\n    previous: [{NEW}]\n\n# the end",
        f'releases: {{other: x, tumor: "{OLD}"}}\n',
        f"releases:\r\n  tumor: {OLD}\r\nname: dev\r\n",
        f"# é ü 漢\nreleases:\n  tumor: {{previous: [], digest: {OLD}}}\n",
    ],
)
def test_only_the_digest_changes(tmp_path: Path, text: str) -> None:
    before, after = pinned(tmp_path, text)
    assert before == OLD
    quoted = text.replace(f'"{OLD}"', OLD)
    first = quoted.index(OLD)
    assert after == quoted[:first] + NEW + quoted[first + len(OLD) :]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("name: dev\n", f"name: dev\n\nreleases:\n  tumor: {NEW}\n"),
        (
            f"releases:\n    # ours\n    other: {OLD}\ngroups: {{}}\n",
            f"releases:\n    # ours\n    tumor: {NEW}\n    other: {OLD}\ngroups: {{}}\n",
        ),
    ],
)
def test_a_model_without_a_pin_gets_one(tmp_path: Path, text: str, after: str) -> None:
    assert pinned(tmp_path, text) == (None, after)


def test_where_there_is_no_place_for_it_the_error_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(ReleasePinError, match=rf"dev.yaml:2: releases: .*\n.*\n.*\n +tumor: {NEW}"):
        pinned(tmp_path, "name: dev\nreleases: {}\n")


@given(
    models=st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True), min_size=1, max_size=5, unique=True),
    comment=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20),
    data=st.data(),
)
def test_whatever_stands_around_it_the_file_pins_the_new_one(
    tmp_path_factory: pytest.TempPathFactory, models: list[str], comment: str, data: st.DataObject
) -> None:
    text = "name: dev\nreleases:\n" + "".join(f'  "{model}": {OLD}  # {comment}\n' for model in models)
    model = data.draw(st.sampled_from(models))
    _, after = pinned(tmp_path_factory.mktemp("pins"), text, model)
    assert yaml.safe_load(after)["releases"] == dict.fromkeys(models, OLD) | {model: NEW}
    assert after.replace(NEW, OLD) == text
