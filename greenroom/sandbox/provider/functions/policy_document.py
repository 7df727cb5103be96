"""`aws.iam.getPolicyDocument`: an IAM policy from typed statements, as the real provider renders it.

The rendering is the real one's to the letter, for a program may compare documents: members in IAM's order, a list of
one as a plain string, actions, resources and identifiers sorted backwards, `&{…}` for IAM's own `${…}` variables.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import InvalidInputsError, Violation

FUNCTION = "aws:iam/getPolicyDocument:getPolicyDocument"
DEFAULT_VERSION = "2012-10-17"
VERSIONS = ("2008-10-17", DEFAULT_VERSION)
EFFECTS = ("Allow", "Deny")
LISTS = {
    "actions": "Action",
    "notActions": "NotAction",
    "resources": "Resource",
    "notResources": "NotResource",
}
WITH_VARIABLES = frozenset({"resources", "notResources"})


def get_policy_document(_session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The document, laid out (`json`) and in one line (`minifiedJson`).

    Raises:
        InvalidInputsError: a version, an effect or a statement's members that IAM does not have; two statements with
            one `sid`; a source that is no JSON.
    """
    _refuse(_violations(arguments))
    version = arguments.get("version", DEFAULT_VERSION)
    given = [_statement(statement) for statement in arguments.get("statements", [])]
    document: dict[str, Any] = {"Version": version}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    merged = _merged(arguments, given)
    document.update({key: value for key, value in merged.items() if key != "Statement" and key not in document})
    document["Statement"] = merged.get("Statement", [])
    laid_out = json.dumps(document, indent=2, ensure_ascii=False)
    return {
        **arguments,
        "id": str(zlib.crc32(laid_out.encode())),
        "json": laid_out,
        "minifiedJson": json.dumps(document, separators=(",", ":"), ensure_ascii=False),
        "version": version,
    }


def _refuse(violations: Iterable[Violation]) -> None:
    found = list(violations)
    if found:
        raise InvalidInputsError(FUNCTION, found)


def _violations(arguments: Mapping[str, Any]) -> Iterable[Violation]:
    if arguments.get("version", DEFAULT_VERSION) not in VERSIONS:
        yield Violation("version", f"{arguments['version']!r} is not allowed; allowed: {', '.join(VERSIONS)}")
    sids: set[str] = set()
    for index, statement in enumerate(arguments.get("statements", [])):
        path = f"statements[{index}]"
        if statement.get("effect", "Allow") not in EFFECTS:
            yield Violation(f"{path}.effect", f"{statement['effect']!r} is not allowed; allowed: {', '.join(EFFECTS)}")
        sid = statement.get("sid")
        if sid and sid in sids:
            yield Violation(f"{path}.sid", f"{sid!r} is the sid of another statement; allowed: a sid of its own")
        sids.add(sid or "")


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    rendered: dict[str, Any] = {}
    if statement.get("sid"):
        rendered["Sid"] = statement["sid"]
    rendered["Effect"] = statement.get("effect", "Allow")
    for name, member in LISTS.items():
        values = statement.get(name)
        if values:
            rendered[member] = _one_or_all(_with_variables(values) if name in WITH_VARIABLES else values)
    for name, member in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if statement.get(name):
            rendered[member] = _principals(statement[name])
    if statement.get("conditions"):
        rendered["Condition"] = _conditions(statement["conditions"])
    return rendered


def _one_or_all(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else sorted(values, reverse=True)


def _with_variables(values: Iterable[str]) -> list[str]:
    return [value.replace("&{", "${") for value in values]


def _principals(principals: Sequence[Mapping[str, Any]]) -> Any:
    if len(principals) == 1 and principals[0]["type"] == "*" and list(principals[0]["identifiers"]) == ["*"]:
        return "*"
    grouped: dict[str, list[str]] = {}
    for principal in principals:
        grouped.setdefault(principal["type"], []).extend(_with_variables(principal["identifiers"]))
    return {kind: _one_or_all(identifiers) for kind, identifiers in sorted(grouped.items())}


def _conditions(conditions: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    grouped: dict[str, dict[str, list[str]]] = {}
    for condition in conditions:
        values = grouped.setdefault(condition["test"], {}).setdefault(condition["variable"], [])
        values.extend(_with_variables(condition["values"]))
    return {
        test: {variable: values[0] if len(values) == 1 else values for variable, values in sorted(variables.items())}
        for test, variables in sorted(grouped.items())
    }


def _merged(arguments: Mapping[str, Any], given: list[dict[str, Any]]) -> dict[str, Any]:
    """Source documents, the given statements, the overriding ones; a later `Sid` takes an earlier's place."""
    layers = [
        *_documents(arguments, "sourcePolicyDocuments", "sourceJson"),
        {"Statement": given},
        *_documents(arguments, "overridePolicyDocuments", "overrideJson"),
    ]
    merged: dict[str, Any] = {}
    statements: list[dict[str, Any]] = []
    for layer in layers:
        merged.update({key: value for key, value in layer.items() if key not in {"Statement", "Version"}})
        listed = layer.get("Statement", [])
        for statement in listed if isinstance(listed, list) else [listed]:
            sid = statement.get("Sid")
            place = next((index for index, held in enumerate(statements) if sid and held.get("Sid") == sid), None)
            if place is None:
                statements.append(statement)
            else:
                statements[place] = statement
    merged["Statement"] = statements
    return merged


def _documents(arguments: Mapping[str, Any], many: str, one: str) -> list[dict[str, Any]]:
    texts = [*arguments.get(many, []), *([arguments[one]] if arguments.get(one) else [])]
    documents: list[dict[str, Any]] = []
    for index, text in enumerate(texts):
        try:
            if text:
                documents.append(json.loads(text))
        except ValueError as error:
            raise InvalidInputsError(FUNCTION, [Violation(f"{many}[{index}]", f"is no JSON: {error}")]) from error
    return documents
