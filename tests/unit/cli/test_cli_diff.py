"""A difference of properties reads as Pulumi's own display has it."""

import json

import pytest

from greenroom.cli.diff import VALUE_WIDTH, difference_lines, input_lines, show
from greenroom.sandbox.engine.diffs import DiffKind, PropertyDiff
from greenroom.sandbox.engine.values import UNKNOWN, Secret, Value, plain

OLD_POLICY = json.dumps({"Statement": [{"Action": "s3:GetObject", "Resource": "a"}]})
NEW_POLICY = json.dumps({"Statement": [{"Action": "s3:GetObject", "Resource": "b"}], "Version": "2012-10-17"})


def plain_text(lines: list[str]) -> list[str]:
    import click

    return [click.unstyle(line) for line in lines]


@pytest.mark.parametrize(
    ("kind", "old", "new", "lines"),
    [
        (DiffKind.UPDATE, 1.0, 2.0, ["~ p: 1 => 2"]),
        (DiffKind.UPDATE, "a", "b", ['~ p: "a" => "b"']),
        (DiffKind.UPDATE, "a", UNKNOWN, ['~ p: "a" => output<string>']),
        (DiffKind.UPDATE, Secret("a"), Secret("b"), ["~ p: [secret] => [secret]"]),
        (DiffKind.ADD, None, ["a"], ['+ p: ["a"]']),
        (DiffKind.DELETE, {"a": True}, None, ['- p: {"a": true}']),
        (DiffKind.UPDATE_REPLACE, "x", "y", ['~ p: "x" => "y"  forces replacement']),
        (
            DiffKind.UPDATE,
            OLD_POLICY,
            NEW_POLICY,
            ['~ p (json).Statement[0].Resource: "a" => "b"', '+ p (json).Version: "2012-10-17"'],
        ),
        (DiffKind.UPDATE, ["a", "b"], ["a"], ['- p[1]: "b"']),
        (DiffKind.UPDATE_REPLACE, "x", "x", ['~ p: "x", anew from what is replaced  forces replacement']),
    ],
)
def test_a_property_is_shown_with_old_and_new(kind: DiffKind, old: Value, new: Value, lines: list[str]) -> None:
    shown = difference_lines({"p": PropertyDiff(kind, input_diff=True, old=old, new=new)})
    assert plain_text(shown) == lines


def test_no_secret_is_shown_wherever_it_stands() -> None:
    inputs = {"a": Secret("hush"), "b": {"c": [Secret("hush")]}, "d": "open"}
    shown = plain_text(input_lines(inputs, "create"))
    assert shown == ["+ a: [secret]", '+ b: {"c": [[secret]]}', '+ d: "open"']


def test_json_in_a_string_is_shown_as_what_it_holds() -> None:
    assert plain_text(input_lines({"policy": '{"Version": "2012-10-17"}'}, "create")) == [
        '+ policy (json): {"Version": "2012-10-17"}'
    ]


def test_unknowns_within_a_value_are_named() -> None:
    assert show(plain({"a": UNKNOWN})) == '{"a": output<string>}'


def test_a_long_value_is_cut() -> None:
    assert len(show("x" * 1000)) == VALUE_WIDTH


def test_defaults_that_pulumi_keeps_for_itself_are_not_shown() -> None:
    assert input_lines({"__defaults": ["a"], "gone": None}, "create") == []
