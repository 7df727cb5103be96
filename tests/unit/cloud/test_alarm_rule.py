"""Composite alarms' rules mean what API_PutCompositeAlarm says.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.sandbox.cloud.cloudwatch.alarm_rule import (
    AlarmRuleError,
    Both,
    Constant,
    Either,
    InState,
    Not,
    alarm_names,
    evaluate,
    parse,
)

A, B, C = InState("ALARM", "a"), InState("OK", "b"), InState("INSUFFICIENT_DATA", "c c")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("TRUE", Constant(value=True)),
        ("FALSE", Constant(value=False)),
        ('ALARM("a")', A),
        ("ALARM(a)", A),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a)", A),
        ('INSUFFICIENT_DATA("c c")', C),
        ("ALARM(a) AND OK(b)", Both(A, B)),
        ("ALARM(a) OR OK(b) AND NOT ALARM(a)", Either(A, Both(B, Not(A)))),
        ("(ALARM(a) OR OK(b)) AND NOT (ALARM(a))", Both(Either(A, B), Not(A))),
        ('ALARM("AND") OR ALARM("(x)")', Either(InState("ALARM", "AND"), InState("ALARM", "(x)"))),
    ],
)
def test_a_rule_is_read(text, rule):
    assert parse(text) == rule


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the end, where an alarm state should be"),
        ("ALARM(a) AND", "the end, where an alarm state should be"),
        ("ALARM a", "'a' at character 6, where '(' should be"),
        ("ALARM(a", "the end, where ')' should be"),
        ("BROKEN(a)", "'BROKEN' at character 1, where OK, ALARM, INSUFFICIENT_DATA, TRUE or FALSE may be"),
        ("TRUE FALSE", "'FALSE' at character 5, after the rule's end"),
        ('ALARM("a', "a quotation mark without its end at character 7"),
    ],
)
def test_what_is_no_rule_is_said_where(text, problem):
    with pytest.raises(AlarmRuleError, match=re.escape(problem)):
        parse(text)


NAMES = st.sampled_from(["a", "b", "with space", "paren)", "AND"])
STATES = st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA"])
RULES = st.recursive(
    st.builds(Constant, st.booleans()) | st.builds(InState, STATES, NAMES),
    lambda inner: st.builds(Not, inner) | st.builds(Both, inner, inner) | st.builds(Either, inner, inner),
    max_leaves=12,
)


def written(rule):
    match rule:
        case Constant(value):
            return str(value).upper()
        case InState(state, name):
            return f'{state}("{name}")'
        case Not(inner):
            return f"NOT ({written(inner)})"
        case Both(left, right):
            return f"({written(left)}) AND ({written(right)})"
        case Either(left, right):
            return f"({written(left)}) OR ({written(right)})"


@given(RULES)
def test_every_rule_reads_back(rule):
    assert parse(written(rule)) == rule


@given(RULES, st.dictionaries(NAMES, STATES))
def test_a_rule_depends_on_the_alarms_it_names_and_on_no_other(rule, states):
    def state_of(name):
        return states.get(name, "OK")

    def state_of_others(name):
        return state_of(name) if name in alarm_names(rule) else "ALARM"

    assert evaluate(rule, state_of) == evaluate(rule, state_of_others)
    assert evaluate(Not(rule), state_of) is not evaluate(rule, state_of)
