"""Resource options: each does what Pulumi's documentation says."""

from __future__ import annotations

from tests.functional.engine.harness import Stage, errors, ops


def test_ignored_changes_are_not_made(stage: Stage) -> None:
    program = 'a = Box("a", size={}, deep={{"x": {}, "y": 1}}, opts=ResourceOptions(ignore_changes=["size", "deep.x"]))'
    stage.up(program.format(1, 1))
    assert stage.up(program.format(2, 2)).changes == {"same": 2}
    assert stage.state()["a"]["inputs"] == {"size": 1, "deep": {"x": 1, "y": 1}}


def test_replace_on_changes_makes_anew_what_would_be_updated(stage: Stage) -> None:
    program = 'a = Box("a", size={}, opts=ResourceOptions(replace_on_changes=["size"]))'
    stage.up(program.format(1))
    assert stage.up(program.format(2)).changes == {"replace": 1, "same": 1}


def test_what_is_retained_leaves_the_state_and_not_the_cloud(stage: Stage) -> None:
    stage.up('a = Box("a", opts=ResourceOptions(retain_on_delete=True))')
    assert ops(stage.up("")) == [("delete", "a")]
    assert (list(stage.cloud.boxes), "a" in stage.state()) == (["a-1"], False)


def test_what_is_deleted_with_another_is_not_deleted_itself(stage: Stage) -> None:
    stage.up('a = Box("a")\nb = Box("b", opts=ResourceOptions(deleted_with=a))')
    stage.up("")
    assert stage.cloud.log == [("delete", "a")]


def test_a_protected_resource_is_not_deleted_by_an_update(stage: Stage) -> None:
    stage.up('a = Box("a", opts=ResourceOptions(protect=True))')
    result = stage.up("")
    assert (result.succeeded, list(stage.cloud.boxes), "a" in stage.state()) == (False, ["a-1"], True)
    assert "it is protected" in errors(result)[0]


def test_explicit_dependencies_are_kept_and_ordered(stage: Stage) -> None:
    stage.up('a = Box("a")\nb = Box("b", opts=ResourceOptions(depends_on=[a]))')
    assert stage.cloud.log == [("create", "a"), ("create", "b")]
    assert stage.state()["b"]["dependencies"] == ["urn:pulumi:dev::stage::mem:index:Box::a"]
    assert stage.state()["b"].get("propertyDependencies", {}) == {}


def test_aliases_rename_without_a_new_resource(stage: Stage) -> None:
    stage.up('r = Room("r")\na = Box("r-a", opts=inside(r))\nb = Box("b", of=a.arn)\nt = Box("t")')
    result = stage.up("""
r = Room("room", opts=ResourceOptions(aliases=[Alias(name="r")]))
a = Box("room-a", opts=inside(r))
b = Box("b", of=a.arn, opts=inside(r, aliases=[Alias(parent=pulumi.ROOT_STACK_RESOURCE)]))
t = Target("t", opts=ResourceOptions(aliases=[Alias(type_="mem:index:Box")]))
""")
    assert (result.succeeded, result.changes, stage.cloud.log) == (True, {"same": 5}, [])
    state = stage.state()
    assert sorted(state) == ["b", "default", "room", "room-a", "stage-dev", "t"]
    assert state["b"]["dependencies"] == [state["room-a"]["urn"]]


def test_two_resources_may_not_claim_one_alias(stage: Stage) -> None:
    stage.up('a = Box("a")')
    result = stage.up("""
options = ResourceOptions(aliases=[Alias(name="a")])
x = Box("x", opts=options)
y = Box("y", opts=ResourceOptions(aliases=[Alias(name="a")], depends_on=[x]))
""")
    assert not result.succeeded
    assert "claims the alias 'urn:pulumi:dev::stage::mem:index:Box::a'" in errors(result)[0]


def test_an_import_adopts_what_exists(stage: Stage) -> None:
    stage.up('a = Box("a", size=4, opts=ResourceOptions(retain_on_delete=True))')
    stage.up("")
    result = stage.up('b = Box("b", size=4, opts=ResourceOptions(import_="a-1"))')
    assert (result.succeeded, ops(result), stage.cloud.log) == (True, [("import", "b")], [])
    assert (stage.state()["b"]["id"], stage.up().changes) == ("a-1", {"same": 2})


def test_an_import_with_other_inputs_updates_what_it_adopts(stage: Stage) -> None:
    stage.up('a = Box("a", size=4, opts=ResourceOptions(retain_on_delete=True))')
    stage.up("")
    result = stage.up('b = Box("b", size=5, opts=ResourceOptions(import_="a-1"))')
    assert ops(result) == [("import", "b"), ("update", "b")]
    assert list(stage.state()) == ["stage-dev", "default", "b"]


def test_an_import_that_would_replace_what_it_adopts_is_refused_and_in_the_state_by_then(stage: Stage) -> None:
    stage.up('a = Box("a", shape="round")')
    program = 'b = Box("b", shape="square", opts=ResourceOptions(import_="a-1"))'
    told = f"{stage.urn('b')} was imported and still names an id to import: it may not be replaced"
    both = f'a = Box("a", shape="round")\n{program}'
    preview = stage.preview(both)
    assert [item.message.splitlines()[0] for item in preview.diagnostics] == [told]
    assert ops(preview)[1:3] == [("import", "b"), ("create-replacement", "b")]
    result = stage.up(both)
    assert [message.splitlines()[0] for message in errors(result)] == [told]
    assert (stage.state()["b"]["id"], stage.state()["b"]["inputs"]["shape"]) == ("a-1", "round")


def test_an_import_of_what_is_not_there_fails(stage: Stage) -> None:
    result = stage.up('b = Box("b", opts=ResourceOptions(import_="nothing"))')
    assert errors(result) == ["urn:pulumi:dev::stage::mem:index:Box::b: there is no resource 'nothing' to import"]


def test_a_read_brings_in_what_exists_and_never_deletes_it(stage: Stage) -> None:
    stage.up('a = Box("a", size=4, opts=ResourceOptions(retain_on_delete=True))')
    stage.up("")
    result = stage.up('e = Box.existing("e", "a-1")\nb = Box("b", of=e.arn)')
    assert ops(result) == [("read", "e"), ("create", "b")]
    assert stage.state()["b"]["inputs"]["of"] == "arn:mem:a-1"
    assert stage.state()["e"]["external"] is True
    stage.up("")
    assert list(stage.cloud.boxes) == ["a-1"]


def test_a_read_of_what_is_not_there_fails(stage: Stage) -> None:
    result = stage.preview('e = Box.existing("e", "nothing")')
    assert errors(result) == ["resource 'nothing' (mem:index:Box) does not exist"]


def test_children_take_their_component_s_provider(stage: Stage) -> None:
    stage.up("""
p = Provider("p", region="here")
r = Room("r", opts=ResourceOptions(providers=[p]))
inner = Room("inner", opts=inside(r))
a = Box("a", opts=inside(inner))
b = Box("b", opts=ResourceOptions(version="1.2.3"))
""")
    state = stage.state()
    assert state["a"]["provider"] == f"{state['p']['urn']}::{state['p']['id']}"
    assert state["b"]["provider"].split("::")[-2] == "default_1_2_3"
    assert sorted(map(str, stage.cloud.configured)) == ["{'region': 'here'}", "{'version': '1.2.3'}"]


def test_a_default_provider_is_configured_by_the_stack(stage: Stage) -> None:
    (stage.folder / "Pulumi.dev.yaml").write_text("config:\n  mem:region: here\n  mem:many: [1, 2]\n", encoding="utf-8")
    stage.up('a = Box("a")')
    assert stage.cloud.configured == [{"region": "here", "many": "[1,2]"}]
    assert stage.state()["default"]["inputs"] == {"region": "here", "many": "[1,2]"}


def test_a_provider_whose_configuration_changes_is_updated_in_place(stage: Stage) -> None:
    program = 'p = Provider("p", region="{}")\na = Box("a", opts=ResourceOptions(provider=p))'
    stage.up(program.format("here"))
    before = stage.state()["p"]["id"]
    result = stage.up(program.format("there"))
    assert ops(result) == [("update", "p"), ("same", "a")]
    assert stage.state()["p"]["id"] == before


def test_a_provider_whose_configuration_is_unknown_is_not_asked_in_a_preview(stage: Stage) -> None:
    program = """
a = Box("a")
p = Provider("p", region=a.arn)
b = Box("b", opts=ResourceOptions(provider=p))
pulumi.export("arn", b.arn)
"""
    plan = stage.preview(program)
    assert (plan.succeeded, plan.changes, plan.display_outputs()) == (True, {"create": 4}, {"arn": "[unknown]"})
    assert stage.up().outputs == {"arn": "arn:mem:b-1"}


def test_custom_timeouts_are_kept_in_seconds(stage: Stage) -> None:
    stage.up('a = Box("a", opts=ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="1h30m", delete="10s")))')
    assert stage.state()["a"]["customTimeouts"] == {"create": 5400, "delete": 10}
