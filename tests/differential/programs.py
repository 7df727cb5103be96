"""A generated program as data: resources in the order in which they are declared, and the Python text that says so.

Resources are known by a key that outlives a new name or parent, so that an edit is a replacement of one of them. What
they say refers to others by key, and only to those before them: every text is a program without a cycle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

STACK_PREFIX: Final = "urn:pulumi:dev::stage::"
TYPES: Final = {
    "Box": "mem:index:Box",
    "Target": "mem:index:Target",
    "Room": "my:index:Room",
    "Provider": "pulumi:providers:mem",
}

#: Stands before every program, after the harness's own: boxes whose size and ARN others can refer to.
PROLOGUE: Final = """
class Box(Box):
    def __init__(self, name, opts=None, **props):
        super().__init__(name, opts, **{"size": None, **props})


class Target(Target):
    def __init__(self, name, opts=None, **props):
        super().__init__(name, opts, **{"arn": None, "size": None, **props})


"""

#: How a property makes use of another resource: the form's name → its text.
REFERENCES: Final = {
    "arn": "{0}.arn",
    "id": "{0}.id",
    "urn": "{0}.urn",
    "size": "{0}.size",
    "resource": "{0}",
    "applied": "{0}.arn.apply(lambda arn: arn + '!')",
    "concatenated": "Output.concat('to ', {0}.arn, '/', {0}.id)",
    "nested": "{{'deep': [{0}.arn, 1]}}",
    "secret": "Output.secret({0}.arn)",
}


@dataclass(frozen=True)
class Literal:
    """A property's value, written as it is; secret ones wrapped."""

    text: str
    secret: bool = False

    def __str__(self) -> str:
        return f"Output.secret({self.text})" if self.secret else self.text


@dataclass(frozen=True)
class Reference:
    """A property's value that comes of another resource."""

    key: str
    form: str = "arn"

    def __str__(self) -> str:
        return REFERENCES[self.form].format(self.key)


Property: TypeAlias = Literal | Reference


@dataclass(frozen=True)
class AliasSpec:
    """What a resource was before: the parts that differ now; `parent` is a key, or "" for the stack."""

    name: str | None = None
    parent: str | None = None
    type: str | None = None

    def __str__(self) -> str:
        parts = []
        if self.name is not None:
            parts.append(f"name={self.name!r}")
        if self.type is not None:
            parts.append(f"type_={self.type!r}")
        if self.parent is not None:
            parts.append(f"parent={self.parent or 'pulumi.ROOT_STACK_RESOURCE'}")
        return f"Alias({', '.join(parts)})"


@dataclass(frozen=True)
class Resource:
    """One resource: what is declared. `options` holds the text of those that name no other resource.

    `output_of` is the resource whose ARN a component says to be its output, once all are declared.
    """

    key: str
    name: str
    kind: str = "Box"
    properties: Mapping[str, Property] = field(default_factory=dict)
    parent: str = ""
    depends_on: tuple[str, ...] = ()
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    provider: str = ""
    aliases: tuple[AliasSpec, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    existing_id: str = ""
    output_of: str = ""

    def needs(self) -> set[str]:
        """The keys of the resources that it refers to."""
        found = {value.key for value in self.properties.values() if isinstance(value, Reference)}
        found |= {*self.depends_on, *self.replace_with, self.parent, self.deleted_with, self.provider}
        return (found | {alias.parent for alias in self.aliases if alias.parent}) - {""}

    def without(self, key: str) -> Resource:
        """The same, without what refers to a resource."""
        return replace(
            self,
            properties={
                name: value
                for name, value in self.properties.items()
                if not isinstance(value, Reference) or value.key != key
            },
            parent="" if self.parent == key else self.parent,
            depends_on=tuple(item for item in self.depends_on if item != key),
            deleted_with="" if self.deleted_with == key else self.deleted_with,
            replace_with=tuple(item for item in self.replace_with if item != key),
            provider="" if self.provider == key else self.provider,
            aliases=tuple(item for item in self.aliases if item.parent != key),
            output_of="" if self.output_of == key else self.output_of,
        )

    def with_property(self, name: str, value: Property | None) -> Resource:
        """The same with a property set, or taken away."""
        rest = {key: item for key, item in self.properties.items() if key != name}
        return replace(self, properties=rest if value is None else {**rest, name: value})

    def with_option(self, name: str, text: str | None) -> Resource:
        """The same with an option set, or taken away."""
        rest = {key: item for key, item in self.options.items() if key != name}
        return replace(self, options=rest if text is None else {**rest, name: text})

    def text(self) -> str:
        """The statement that declares it."""
        options = dict(self.options)
        if self.parent:
            options["parent"] = self.parent
        for option, keys in (("depends_on", self.depends_on), ("replace_with", self.replace_with)):
            if keys:
                options[option] = f"[{', '.join(keys)}]"
        if self.deleted_with:
            options["deleted_with"] = self.deleted_with
        if self.provider:
            options |= {"providers": f"[{self.provider}]"} if self.kind == "Room" else {"provider": self.provider}
        if self.aliases:
            options["aliases"] = f"[{', '.join(map(str, self.aliases))}]"
        arguments = [repr(self.name), *(f"{name}={value}" for name, value in self.properties.items())]
        if self.existing_id:
            arguments = [repr(self.name), repr(self.existing_id)]
        if options:
            arguments.append(f"opts=ResourceOptions({', '.join(f'{name}={text}' for name, text in options.items())})")
        call = "Box.existing" if self.existing_id else self.kind
        return f"{self.key} = {call}({', '.join(arguments)})"


@dataclass(frozen=True)
class Program:
    """The resources in the order in which they are declared, and the stack's outputs."""

    resources: tuple[Resource, ...] = ()
    exports: tuple[tuple[str, Reference], ...] = ()

    def __getitem__(self, key: str) -> Resource:
        return next(item for item in self.resources if item.key == key)

    def keys_of(self, *kinds: str) -> list[str]:
        """The keys of the resources of some kinds; those that are only read are of none."""
        return [item.key for item in self.resources if not kinds or (item.kind in kinds and not item.existing_id)]

    def before(self, key: str) -> list[Resource]:
        """The resources that are declared before one."""
        return list(self.resources[: self.keys_of().index(key)])

    def with_changed(self, resource: Resource) -> Program:
        """The program with a resource changed in its place."""
        return replace(self, resources=tuple(resource if item.key == resource.key else item for item in self.resources))

    def with_added(self, resource: Resource, place: int) -> Program:
        """The program with a resource more."""
        return replace(self, resources=(*self.resources[:place], resource, *self.resources[place:]))

    def without(self, key: str) -> Program:
        """The program without a resource, and without what refers to it."""
        kept = tuple(item.without(key) for item in self.resources if item.key != key)
        return replace(self, resources=kept, exports=tuple(item for item in self.exports if item[1].key != key))

    def settled(self) -> Program:
        """The program without the aliases of earlier edits and what was told to fail."""
        return replace(
            self,
            resources=tuple(replace(item, aliases=()).with_property("fail", None) for item in self.resources),
        )

    def text(self) -> str:
        """The Python program."""
        lines = [item.text() for item in self.resources]
        lines += [f'{i.key}.register_outputs({{"arn": {i.output_of}.arn}})' for i in self.resources if i.output_of]
        lines += [f"pulumi.export({name!r}, {value})" for name, value in self.exports]
        return "\n".join(lines) + "\n"

    def urn(self, key: str) -> str:
        """The URN of a resource."""
        resource = self[key]
        types = [TYPES[resource.kind]]
        parent = resource.parent
        while parent:
            types.insert(0, TYPES[self[parent].kind])
            parent = self[parent].parent
        return f"{STACK_PREFIX}{'$'.join(types)}::{resource.name}"

    def names(self) -> set[str]:
        """The names that are taken."""
        return {item.name for item in self.resources}


@dataclass(frozen=True)
class Flags:
    """The options of a command. Resources are named by URN."""

    targets: tuple[str, ...] = ()
    target_dependents: bool = False
    excludes: tuple[str, ...] = ()
    exclude_dependents: bool = False
    replaces: tuple[str, ...] = ()
    continue_on_error: bool = False
    refresh: bool = False

    def arguments(self) -> list[str]:
        """The real CLI's words for them."""
        words = [word for urn in self.targets for word in ("--target", urn)]
        words += [word for urn in self.excludes for word in ("--exclude", urn)]
        words += [word for urn in self.replaces for word in ("--replace", urn)]
        for flag in ("target_dependents", "exclude_dependents", "continue_on_error", "refresh"):
            if getattr(self, flag):
                words.append("--" + flag.replace("_", "-"))
        return words


@dataclass(frozen=True)
class Drift:
    """What happens to a box behind the engine's back: it is gone, or its size is another."""

    id: str
    size: float | None = None


@dataclass(frozen=True)
class Step:
    """A command on a program: what is deployed, and how; `mended`: no box fails any more, whatever it says."""

    command: str
    program: str
    flags: Flags = Flags()
    drift: tuple[Drift, ...] = ()
    edit: str = ""
    mended: bool = False

    def describe(self) -> str:
        """One line for a failure's message."""
        words = " ".join(self.flags.arguments())
        return f"{self.command} {words}".strip() + f" ({self.edit})" * bool(self.edit)


@dataclass(frozen=True)
class Scenario:
    """A stack's life: its commands in order."""

    seed: int
    theme: str
    steps: tuple[Step, ...]

    def describe(self) -> str:
        """The whole of it, to be read or run by hand."""
        parts = [f"# {number}: {step.describe()}\n{step.program}" for number, step in enumerate(self.steps)]
        return f"scenario {self.seed}, {self.theme}\n" + "\n".join(parts)
