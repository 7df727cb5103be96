"""What a program says through the SDK arrives: messages, assets, timeouts, plugins, dependencies, secrets, aliases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.provider.experimental import provider as sdk

from greenroom.sandbox.engine.events import Diagnostic
from tests.functional.engine.harness import Stage, errors, ops
from tests.functional.engine.memory_cloud import MemoryProvider


def test_messages_arrive_with_their_severity_and_resource_and_decide_nothing(stage: Stage) -> None:
    """An error that is only logged does not fail an update: so Pulumi 3.260, which shows it and exits with 0."""
    result = stage.up("""
a = Box("a")
pulumi.log.debug("one")
pulumi.log.info("two")
pulumi.log.info("passing", ephemeral=True)
pulumi.log.warn("three", resource=a)
pulumi.log.error("four", resource=a)
b = Box("b", of=a.arn)
""")
    told = [(item.severity, item.message, item.urn) for item in stage.events if isinstance(item, Diagnostic)]
    assert sorted(told) == [
        ("error", "four", stage.urn("a")),
        ("info", "two", ""),
        ("warning", "three", stage.urn("a")),
    ]
    assert (result.succeeded, sorted(stage.cloud.boxes)) == (True, ["a-1", "b-1"])


ASSETS: dict[str, tuple[str, type, dict[str, Any]]] = {
    "a file": ('pulumi.FileAsset("data.txt")', pulumi.FileAsset, {"path": "data.txt"}),
    "a text": ('pulumi.StringAsset("some text")', pulumi.StringAsset, {"text": "some text"}),
    "what lies elsewhere": (
        'pulumi.RemoteAsset("https://example.com/a")',
        pulumi.RemoteAsset,
        {"uri": "https://example.com/a"},
    ),
    "a folder": ('pulumi.FileArchive("folder")', pulumi.FileArchive, {"path": "folder"}),
    "an archive elsewhere": (
        'pulumi.RemoteArchive("https://example.com/a.zip")',
        pulumi.RemoteArchive,
        {"uri": "https://example.com/a.zip"},
    ),
}


@pytest.mark.parametrize("kind", ASSETS)
def test_an_asset_reaches_the_provider_and_comes_back_from_the_state_the_same(stage: Stage, kind: str) -> None:
    text, class_, fields = ASSETS[kind]
    folder = stage.folder / "program" / "folder"
    folder.mkdir()
    for file in (folder / "x.txt", folder.parent / "data.txt"):
        file.write_text("one", encoding="utf-8")
    assert stage.up(f'a = Box("a", it={text})').succeeded
    assert isinstance(stage.cloud.boxes["a-1"]["it"].value, class_)
    written = stage.state()["a"]
    assert {key: written["inputs"]["it"][key] for key in fields} == fields
    assert written["outputs"]["it"] == written["inputs"]["it"]
    assert stage.up().is_unchanged


def test_an_archive_of_assets_is_known_by_its_members(stage: Stage) -> None:
    program = (
        'a = Box("a", it=pulumi.AssetArchive({{"x.txt": pulumi.StringAsset("{}"), "in": pulumi.FileArchive(".")}}))'
    )
    stage.up(program.format("one"))
    sent = stage.cloud.boxes["a-1"]["it"].value
    assert isinstance(sent, pulumi.AssetArchive)
    assert {name: type(member) for name, member in sent.assets.items()} == {
        "x.txt": pulumi.StringAsset,
        "in": pulumi.FileArchive,
    }
    before = stage.state()["a"]["inputs"]["it"]
    assert before["assets"]["x.txt"]["text"] == "one"
    assert ops(stage.up(program.format("two"))) == [("update", "a")]
    assert stage.state()["a"]["inputs"]["it"]["hash"] != before["hash"]


class Clocked(MemoryProvider):
    """Notes the time that it is given for each operation."""

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        self.cloud.log.append(("create in", str(request.timeout)))
        return await super().create(request)

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        self.cloud.log.append(("update in", str(request.timeout)))
        return await super().update(request)

    async def delete(self, request: sdk.DeleteRequest) -> None:
        self.cloud.log.append(("delete in", str(request.timeout)))
        await super().delete(request)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('pulumi.CustomTimeouts(create="5m", update="1h30m", delete="90s")', ["300.0", "5400.0", "90.0"]),
        ("None", ["0.0", "0.0", "0.0"]),
    ],
)
def test_the_provider_is_told_how_long_it_may_take(tmp_path: Path, given: str, told: list[str]) -> None:
    stage = Stage(tmp_path)
    stage.cloud.provider = lambda: Clocked(stage.cloud)  # type: ignore[method-assign]
    program = f'a = Box("a", size={{}}, opts=ResourceOptions(custom_timeouts={given}))'
    seen = []
    for text in (program.format(1), program.format(2), ""):
        assert stage.up(text).succeeded
        seen += [seconds for action, seconds in stage.cloud.log if action.endswith(" in")]
    assert seen == told


def test_each_version_and_source_of_a_plugin_has_a_default_provider_of_its_own(stage: Stage) -> None:
    stage.up("""
a = Box("a")
b = Box("b", opts=ResourceOptions(version="1.2.3"))
c = Box("c", opts=ResourceOptions(version="1.2.3", plugin_download_url="https://example.com/plugins"))
d = Box("d", opts=ResourceOptions(version="1.2.3"))
""")
    state = stage.state()
    named = {name: state[name]["provider"].split("::")[-2] for name in "abcd"}
    assert named["a"] == "default"
    assert named["b"] == named["d"] == "default_1_2_3"
    assert named["c"].startswith("default_1_2_3_")
    assert state[named["c"]]["inputs"] == {
        "version": "1.2.3",
        "__internal": {"pluginDownloadURL": "https://example.com/plugins"},
    }


def test_a_provider_given_to_a_component_is_its_children_s_of_that_package_only(stage: Stage) -> None:
    stage.up("""
class Other(pulumi.CustomResource):
    def __init__(self, name, opts=None):
        super().__init__("other:index:Box", name, {}, opts)

p, q = Provider("p"), Provider("q")
r = Room("r", opts=ResourceOptions(provider=p))
inner = Room("inner", opts=inside(r))
a = Box("a", opts=inside(inner))
b = Box("b", opts=inside(inner, provider=q))
c = Box("c", opts=ResourceOptions(parent=b))
o = Other("o", opts=inside(inner))
""")
    state = stage.state()
    found = {name: state[name]["provider"].split("::")[2:4] for name in ("a", "b", "c", "o")}
    assert found == {
        "a": ["pulumi:providers:mem", "p"],
        "b": ["pulumi:providers:mem", "q"],
        "c": ["pulumi:providers:mem", "q"],
        "o": ["pulumi:providers:other", "default"],
    }


def test_each_property_knows_what_it_depends_on(stage: Stage) -> None:
    stage.up("""
a, b, c = Box("a"), Box("b"), Box("c")
d = Box("d", one=a.arn, two={"deep": [b.arn, {"x": a.id}]}, three=Output.concat("of ", b.arn), four=1,
        five=Output.all(a.arn, b.arn).apply(lambda both: "-".join(both)), opts=ResourceOptions(depends_on=[c]))
""")
    a, b, c = (stage.urn(name) for name in "abc")
    written = stage.state()["d"]
    assert {key: sorted(urns) for key, urns in written["propertyDependencies"].items()} == {
        "one": [a],
        "two": [a, b],
        "three": [b],
        "four": [],
        "five": [a, b],
    }
    assert sorted(written["dependencies"]) == [a, b, c]


def test_a_preview_knows_what_is_known_and_runs_nothing_on_the_rest(stage: Stage) -> None:
    stage.up('a = Box("a", size=1)')
    program = """
a = Box("a", size=2)
b = Box("b", size=3)
seen = []
a.arn.apply(lambda it: pulumi.log.info(f"a.arn is {it}"))
b.arn.apply(lambda it: pulumi.log.info(f"b.arn is {it}"))
b.size.apply(lambda it: pulumi.log.info(f"b.size is {it}"))
c = Box("c", old=a.arn, new={"deep": [b.arn, b.size]}, hidden=Output.secret(b.id))
pulumi.export("all", {"old": a.arn, "new": b.arn})
"""
    class_body = "class Box(Box):\n    def __init__(self, name, opts=None, **p):\n"
    class_body += '        super().__init__(name, opts, **{"size": None, **p})\n'
    plan = stage.preview(class_body + program)
    assert sorted(item.message for item in plan.diagnostics) == ["a.arn is arn:mem:a-1", "b.size is 3.0"]
    inputs = plan.to_pulumi_json(show_sames=True)["steps"][-1]["newState"]["inputs"]
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    assert inputs == {"old": "arn:mem:a-1", "new": {"deep": [unknown, 3]}, "hidden": "[secret]", "size": 1}
    assert plan.display_outputs() == {"all": {"old": "arn:mem:a-1", "new": "[unknown]"}}


def test_an_output_that_is_said_to_be_secret_is_secret_wherever_it_goes(stage: Stage) -> None:
    result = stage.up("""
a = Box("a", opts=ResourceOptions(additional_secret_outputs=["arn"]))
b = Box("b", of=a.arn, plain=a.id)
pulumi.export("arn", a.arn)
pulumi.export("secret", Output.from_input(a.arn.is_secret()))
""")
    state = stage.state()
    assert (result.display_outputs()["arn"], result.outputs["secret"]) == ("[secret]", True)
    assert "ciphertext" in state["a"]["outputs"]["arn"]
    assert "ciphertext" in state["b"]["inputs"]["of"]
    assert (state["b"]["inputs"]["plain"], state["a"]["additionalSecretOutputs"]) == ("a-1", ["arn"])


ALIASED = {
    "a name": ('a = Box("old")', 'a = Box("new", opts=ResourceOptions(aliases=[Alias(name="old")]))'),
    "a type": ('a = Box("a")', 'a = Target("a", opts=ResourceOptions(aliases=[Alias(type_="mem:index:Box")]))'),
    "a parent": (
        'r = Room("r")\na = Box("a")',
        'r = Room("r")\na = Box("a", opts=inside(r, aliases=[Alias(parent=pulumi.ROOT_STACK_RESOURCE)]))',
    ),
    "a parent by URN": (
        'r = Room("r")\na = Box("a", opts=inside(r))',
        'r = Room("r")\na = Box("a", opts=ResourceOptions(aliases=[Alias(parent="urn:pulumi:dev::stage::my:index:Room::r")]))',
    ),
    "a URN": (
        'a = Box("old")',
        'a = Box("new", opts=ResourceOptions(aliases=["urn:pulumi:dev::stage::mem:index:Box::old"]))',
    ),
    "name, type and parent": (
        'a = Box("old")',
        (
            'r = Room("r")\na = Target("new", opts=inside(r, aliases=['
            'Alias(name="old", type_="mem:index:Box", parent=pulumi.ROOT_STACK_RESOURCE)]))'
        ),
    ),
    "the children of what is renamed": (
        'r = Room("old")\ns = Room("s", opts=inside(r))\na = Box("old-a", opts=inside(s))',
        (
            'r = Room("new", opts=ResourceOptions(aliases=[Alias(name="old")]))\n'
            's = Room("s", opts=inside(r))\na = Box("old-a", opts=inside(s))'
        ),
    ),
}


@pytest.mark.parametrize("what", ALIASED)
def test_a_resource_is_known_by_what_it_was(stage: Stage, what: str) -> None:
    before, after = ALIASED[what]
    assert stage.up(before).succeeded
    boxes = list(stage.cloud.boxes)
    result = stage.up(after)
    assert result.succeeded, errors(result)
    assert (list(stage.cloud.boxes), stage.cloud.log) == (boxes, [])
    assert not result.changes.keys() - {"same", "create"}
    assert stage.up().is_unchanged


def test_one_operation_at_a_time_is_one(stage: Stage) -> None:
    stage.cloud.delay_seconds = 0.002
    result = stage.up('boxes = [Box(f"b{n}") for n in range(6)]', parallel=1)
    assert (result.succeeded, stage.cloud.most_at_once) == (True, 1)


def test_a_transform_of_invokes_that_raises_fails_the_program_and_is_named(stage: Stage) -> None:
    result = stage.up("""
def bad(args):
    raise ValueError("I will not have it")
pulumi.runtime.register_invoke_transform(bad)
pulumi.export("n", pulumi.runtime.invoke_output("mem:index:double", {"number": 4}))
""")
    assert not result.succeeded
    assert "I will not have it" in errors(result)[0]
    assert "mem:index:double" in errors(result)[0]
    assert stage.cloud.invoked == 0


def test_a_stack_reference_tells_an_output_that_is_not_there_from_one_that_is(stage: Stage) -> None:
    stage.up('a = Box("a")\npulumi.export("arn", a.arn)')
    other = Stage(stage.folder, stack="prod")
    other.backend = stage.backend
    result = other.up("""
ref = pulumi.StackReference("dev")
pulumi.export("arn", ref.get_output("arn"))
pulumi.export("none", ref.get_output("nothing"))
""")
    assert result.succeeded, errors(result)
    assert result.display_outputs() == {"arn": "arn:mem:a-1"}
