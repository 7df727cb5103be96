"""Seeds to scenarios: a program, edits of it, and the commands that deploy them. Pure: a seed gives the same always.

Each scenario has a theme, which says what edits it draws from; a failure ends a deployment wherever it happens to
stand, so that failures have scenarios of their own, in which nothing else is a matter of chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Final, TypeAlias

from tests.differential.programs import (
    REFERENCES,
    AliasSpec,
    Drift,
    Flags,
    Literal,
    Program,
    Reference,
    Resource,
    Scenario,
    Step,
)

SCENARIOS: Final = 322
NAMES: Final = "abcdefghijklmnopqrstuvwxyz"
LEAST_STEPS: Final = 5

OPTIONS: Final[dict[str, Sequence[str]]] = {
    "ignore_changes": ('["size"]', '["hue", "note"]', '["tags.x"]', '["tags"]', '["shape"]', '["missing"]'),
    "replace_on_changes": ('["size"]', '["hue"]', '["tags.x"]', '["*"]'),
    "delete_before_replace": ("True", "False"),
    "protect": ("True", "False"),
    "retain_on_delete": ("True",),
    "additional_secret_outputs": ('["arn"]', '["size", "arn"]'),
    "custom_timeouts": ('pulumi.CustomTimeouts(create="5m")', 'pulumi.CustomTimeouts(update="1h", delete="90s")'),
    "version": ('"1.2.3"',),
    "replacement_trigger": ('"1"', '"2"'),
}
#: Protection turns most later edits into the same refusal: it has a small chance.
COMMON_OPTIONS: Final = tuple(option for option in OPTIONS if option not in ("protect", "version"))

Edit: TypeAlias = "Callable[[Author], str]"


class Author:
    """Writes one scenario: the program as it is now, and chance."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.program = Program()
        self.steps: list[Step] = []
        self.flags = Flags()
        self.drift: tuple[Drift, ...] = ()
        self.mended = False
        self.made = 0

    # -- what is drawn -----------------------------------------------------------------------------------------------

    def maybe(self, probability: float) -> bool:
        return self.chance.random() < probability

    def pick_key(self, *kinds: str) -> str | None:
        keys = self.program.keys_of(*kinds)
        return self.chance.choice(keys) if keys else None

    def new_name(self) -> str:
        taken = self.program.names()
        return self.chance.choice([name for name in NAMES if name not in taken])

    def literal(self, name: str) -> Literal:
        texts = {
            "size": ("1", "2", "3.5", "40"),
            "hue": ('"red"', '"blue"', '"green"'),
            "note": ('"hello"', '""', "None", '["a", "b"]', "True"),
            "tags": ('{"x": "1"}', '{"x": "2", "y": "1"}', '{"x": {"z": [1, 2]}}', "{}"),
            "shape": ('"round"', '"square"', '"flat"'),
            "slot": ('"1"', '"2"', '"3"'),
            "pw": ('"hush"', '{"deep": ["hush", 1]}'),
        }
        return Literal(self.chance.choice(texts[name]), secret=name == "pw" or self.maybe(0.1))

    def reference(self, before: Sequence[Resource]) -> Reference | None:
        boxes = [item.key for item in before if item.kind in ("Box", "Target")]
        if not boxes:
            return None
        key = self.chance.choice(boxes)
        return Reference(key, "arn" if self.maybe(0.4) else self.chance.choice(list(REFERENCES)))

    # -- resources ---------------------------------------------------------------------------------------------------

    def resource(self, before: Sequence[Resource]) -> Resource:
        """A new resource that may refer to those before it."""
        self.made += 1
        key, name = f"n{self.made}", self.new_name()
        found = Resource(key, name, self.chance.choice(("Box",) * 7 + ("Room",) * 2 + ("Target",)))
        rooms = [item.key for item in before if item.kind == "Room"]
        parents = rooms if self.maybe(0.8) else [i.key for i in before if i.kind == "Box" and not i.existing_id]
        if parents and self.maybe(0.45):
            found = replace(found, parent=self.chance.choice(parents))
        if found.kind == "Room":
            return found.with_property("n", Literal("1")) if self.maybe(0.3) else found
        for property_ in ("size", "hue", "note", "tags", "shape", "slot", "pw"):
            if self.maybe(0.25):
                found = found.with_property(property_, self.literal(property_))
        for property_ in ("of", "shape", "slot"):
            reference = self.reference(before)
            if reference is not None and self.maybe(0.45 if property_ == "of" else 0.1):
                found = found.with_property(property_, reference)
        if before and self.maybe(0.2):
            found = replace(found, depends_on=(self.chance.choice([item.key for item in before]),))
        return found

    def begin(self, size: int) -> None:
        """The first program."""
        for _ in range(size):
            added = self.resource(self.program.resources)
            self.program = self.program.with_added(added, len(self.program.resources))
        for key in self.program.keys_of("Room"):
            box = self.pick_key("Box")
            if box is not None and self.maybe(0.4):
                self.program = self.program.with_changed(replace(self.program[key], output_of=box))

    def deploy(self, command: str = "up", edit: str = "") -> None:
        """The next step: the program as it is now."""
        self.steps.append(Step(command, self.program.text(), self.flags, self.drift, edit, self.mended))
        self.flags, self.drift = Flags(), ()

    def edit(self, edits: Sequence[Edit], times: int) -> str:
        """Some edits, one after the other; one that finds nothing to change is drawn anew."""
        done = [self._one_edit(edits) for _ in range(times)]
        return ", ".join(done) or "nothing"

    def _one_edit(self, edits: Sequence[Edit]) -> str:
        for _ in range(12):
            before = self.program
            said = self.chance.choice(edits)(self)
            if self.program != before:
                return said
        return "nothing"


# -- edits: each changes the author's program, and says what it did -------------------------------------------------------


def add(author: Author) -> str:
    place = author.chance.randrange(len(author.program.resources) + 1)
    added = author.resource(author.program.resources[:place])
    author.program = author.program.with_added(added, place)
    return f"add {added.name}"


def remove(author: Author) -> str:
    key = author.pick_key()
    if key is None:
        return "nothing"
    name = author.program[key].name
    author.program = author.program.without(key)
    return f"remove {name}"


def rename(author: Author) -> str:
    key = author.pick_key()
    if key is None:
        return "nothing"
    old = author.program[key]
    new = replace(old, name=author.new_name())
    kept = author.maybe(0.7)
    if kept:
        new = replace(new, aliases=(*new.aliases, AliasSpec(name=old.name)))
    author.program = author.program.with_changed(new)
    return f"rename {old.name} to {new.name} {'with' if kept else 'without'} an alias"


def reparent(author: Author) -> str:
    key = author.pick_key("Box", "Room", "Target")
    if key is None:
        return "nothing"
    old = author.program[key]
    rooms = [item.key for item in author.program.before(key) if item.kind == "Room" and item.key != old.parent]
    parent = author.chance.choice([*rooms, ""])
    if parent == old.parent:
        return "nothing"
    new = replace(old, parent=parent)
    kept = author.maybe(0.7)
    if kept:
        new = replace(new, aliases=(*new.aliases, AliasSpec(parent=old.parent)))
    author.program = author.program.with_changed(new)
    return f"reparent {old.name} {'with' if kept else 'without'} an alias"


def retype(author: Author) -> str:
    key = author.pick_key("Box")
    if key is None:
        return "nothing"
    old = author.program[key]
    for item in author.program.resources:
        if key in item.needs():
            return "nothing"
    new = replace(old, kind="Target", aliases=(*old.aliases, AliasSpec(type="mem:index:Box")))
    author.program = author.program.with_changed(new)
    return f"another type for {old.name}"


def update(author: Author) -> str:
    return _set(author, ("size", "hue", "note", "tags", "pw"))


def replacing(author: Author) -> str:
    return _set(author, ("shape", "slot"))


def _set(author: Author, names: Sequence[str]) -> str:
    key = author.pick_key("Box")
    if key is None:
        return "nothing"
    name = author.chance.choice(names)
    value = None if author.maybe(0.15) else author.literal(name)
    author.program = author.program.with_changed(author.program[key].with_property(name, value))
    return f"{author.program[key].name}.{name} = {value}"


def move_dependency(author: Author) -> str:
    key = author.pick_key("Box", "Target")
    if key is None:
        return "nothing"
    old, before = author.program[key], author.program.before(key)
    if before and author.maybe(0.4):
        new = replace(old, depends_on=(author.chance.choice([item.key for item in before]),) * author.maybe(0.7))
    else:
        new = old.with_property(author.chance.choice(("of", "of", "shape")), author.reference(before))
    author.program = author.program.with_changed(new)
    return f"move a dependency of {old.name}"


def option(author: Author) -> str:
    return _option(author, author.chance.choice(COMMON_OPTIONS))


def protection(author: Author) -> str:
    return _option(author, "protect")


def _option(author: Author, name: str) -> str:
    key = author.pick_key("Box", "Target", "Room")
    if key is None:
        return "nothing"
    old = author.program[key]
    text = None if name in old.options and author.maybe(0.6) else author.chance.choice(OPTIONS[name])
    if old.kind == "Room" and name not in ("protect", "retain_on_delete"):
        return "nothing"
    author.program = author.program.with_changed(old.with_option(name, text))
    return f"{old.name}: {name} = {text}"


def delete_with(author: Author) -> str:
    key = author.pick_key("Box")
    others = [] if key is None else [item.key for item in author.program.before(key) if item.kind == "Box"]
    if key is None or not others:
        return "nothing"
    old = author.program[key]
    other = author.chance.choice(others)
    new = replace(old, replace_with=(other,)) if author.maybe(0.4) else replace(old, deleted_with=other)
    author.program = author.program.with_changed(new)
    return f"{old.name} goes with {author.program[other].name}"


def provider(author: Author) -> str:
    """A provider more, another region for one, or another provider for a resource."""
    known = author.program.keys_of("Provider")
    if not known or (len(known) < 3 and author.maybe(0.3)):
        author.made += 1
        added = Resource(f"n{author.made}", author.new_name(), "Provider", {"region": Literal('"here"')})
        author.program = author.program.with_added(added, 0)
        return f"add the provider {added.name}"
    chosen = author.chance.choice(known)
    if author.maybe(0.25):
        region = Literal(author.chance.choice(('"here"', '"there"')))
        author.program = author.program.with_changed(author.program[chosen].with_property("region", region))
        return f"configure {author.program[chosen].name}"
    key = author.pick_key("Box", "Room")
    if key is None or chosen not in [item.key for item in author.program.before(key)]:
        return "nothing"
    given = chosen if author.maybe(0.75) else ""
    author.program = author.program.with_changed(replace(author.program[key], provider=given))
    return f"the provider of {author.program[key].name}"


def export(author: Author) -> str:
    key = author.pick_key("Box")
    if key is None:
        return "nothing"
    reference = Reference(key, author.chance.choice(list(REFERENCES)))
    author.program = replace(
        author.program, exports=(*author.program.exports[-1:], (f"x{len(author.steps)}", reference))
    )
    return f"export of {author.program[key].name}"


def read(author: Author) -> str:
    """A resource that lives outside of the stack is read, or one of that name is made instead."""
    author.made += 1
    name, outside = author.new_name(), author.chance.choice(("out-1", "out-2"))
    added = Resource(f"n{author.made}", name, existing_id=outside)
    author.program = author.program.with_added(added, author.chance.randrange(len(author.program.resources) + 1))
    return f"read {outside} as {name}"


def adopt(author: Author) -> str:
    """What was read becomes the stack's own, or the other way round."""
    keys = [item.key for item in author.program.resources if item.existing_id]
    if not keys:
        return read(author)
    key = author.chance.choice(keys)
    author.program = author.program.with_changed(replace(author.program[key], existing_id=""))
    return f"make {author.program[key].name}, which was read"


def import_(author: Author) -> str:
    """A box that is there already is taken into the stack."""
    author.made += 1
    name, outside = author.new_name(), author.chance.choice(("out-1", "out-2"))
    if any(outside in item.options.get("import_", "") for item in author.program.resources):
        return read(author)
    size = Literal("7" if author.maybe(0.8) else "8")
    added = Resource(f"n{author.made}", name, properties={"size": size}, options={"import_": repr(outside)})
    author.program = author.program.with_added(added, len(author.program.resources))
    return f"import {outside} as {name}"


def forget_import(author: Author) -> str:
    keys = [item.key for item in author.program.resources if "import_" in item.options]
    if not keys:
        return import_(author)
    key = author.chance.choice(keys)
    author.program = author.program.with_changed(author.program[key].with_option("import_", None))
    return f"{author.program[key].name} says no more that it was imported"


# -- themes: what a scenario is about ------------------------------------------------------------------------------------

BASIC: Final[tuple[Edit, ...]] = (add, remove, update, update, replacing, replacing, move_dependency, export)
THEMES: Final[dict[str, tuple[Edit, ...]]] = {
    "edits": BASIC,
    "replacements": (replacing, replacing, replacing, move_dependency, update, remove, add),
    "options": (*BASIC, option, option, option, option, delete_with, delete_with),
    "protection": (update, replacing, remove, protection, protection, delete_with),
    "aliases": (rename, rename, rename, reparent, reparent, reparent, retype, update, replacing, add, remove),
    "providers": (provider, provider, provider, provider, update, replacing, add, remove, rename),
    "reads and imports": (read, adopt, import_, forget_import, update, replacing, move_dependency, remove),
    "everything": (
        *BASIC, option, option, delete_with, rename, reparent, retype, provider, provider, read, adopt, import_,
        forget_import,
    ),
}  # fmt: skip


def _follow_theme(author: Author, theme: str, steps: int) -> None:
    author.begin(author.chance.randrange(4, 9))
    if theme == "providers":
        author.program = author.program.with_added(Resource("p", "p", "Provider", {"region": Literal('"here"')}), 0)
    for number in range(steps):
        edit = "" if number == 0 else author.edit(THEMES[theme], author.chance.randrange(1, 4))
        author.deploy(edit=edit)
        if author.maybe(0.5):
            author.program = author.program.settled()
    author.deploy(edit="nothing")


def _fail(author: Author, steps: int) -> None:
    """One resource fails; later everything is mended."""
    author.begin(author.chance.randrange(4, 8))
    author.deploy()
    while len(author.steps) < steps:
        key = author.pick_key("Box")
        action = author.chance.choice(("create", "create", "update", "delete", "delete", "init", "check"))
        said = author.edit((*BASIC, rename, option), author.chance.randrange(0, 3))
        if key is not None and key in author.program.keys_of():
            said += ", " + _break(author, key, action)
        author.deploy(edit=said)
        if author.maybe(0.35):
            author.deploy(edit="the same again")
        author.program = author.program.settled()
        if author.maybe(0.8):
            author.deploy(edit="mended")
    author.mended = True
    author.program = author.program.settled()
    author.deploy(edit="mended")
    author.deploy("destroy")


def _break(author: Author, key: str, action: str) -> str:
    """Has a resource fail, and be asked for what it fails at."""
    name = author.program[key].name
    author.program = author.program.with_changed(author.program[key].with_property("fail", Literal(repr(action))))
    fresh = Literal(repr(f"step {len(author.steps)}"))
    if action == "delete":
        author.deploy(edit=f"{name} will fail to delete")
        if author.maybe(0.5):
            author.program = author.program.without(key)
            return f"remove {name}"
    if action in ("create", "delete", "init") and author.maybe(0.85):
        property_ = author.chance.choice(("shape", "slot"))
        author.program = author.program.with_changed(author.program[key].with_property(property_, fresh))
    return f"{name} fails to {action}"


def _drift(author: Author, steps: int) -> None:
    """Boxes change behind the engine's back; refresh, destroy and up again."""
    author.begin(author.chance.randrange(3, 8))
    author.deploy()
    while len(author.steps) < steps:
        key = author.pick_key("Box")
        if key is not None and author.maybe(0.8):
            name = author.program[key].name
            size = None if author.maybe(0.4) else author.chance.choice((5.0, 6.0))
            author.drift = (Drift(f"{name}-1", size),)
        command = author.chance.choice(("refresh", "refresh", "up", "up --refresh", "destroy"))
        if command == "up --refresh":
            command, author.flags = "up", Flags(refresh=True)
        edit = author.edit(BASIC, 1) if command == "up" and author.maybe(0.5) else "nothing"
        author.deploy(command, edit)
    author.deploy(edit="nothing")


def _target(author: Author, steps: int) -> None:
    """Commands on a part of the stack."""
    author.begin(author.chance.randrange(4, 9))
    if author.maybe(0.8):
        author.deploy()
    while len(author.steps) < steps:
        before = author.program
        said = author.edit((*BASIC, rename, option, provider), author.chance.randrange(1, 4))
        command = author.chance.choice(("up",) * 6 + ("destroy", "refresh"))
        author.flags = _part(author, before, command)
        author.deploy(command, said)
        author.program = author.program.settled()
        if author.maybe(0.3):
            author.deploy(edit="nothing")
    author.deploy(edit="nothing")


def _part(author: Author, before: Program, command: str) -> Flags:
    """Which part of the stack a command is about: resources of the program as it is, and as it was."""
    known = sorted(
        {author.program.urn(key) for key in author.program.keys_of()} | {before.urn(key) for key in before.keys_of()}
    )
    if not known:
        return Flags()
    some = tuple(sorted({author.chance.choice(known) for _ in range(author.chance.randrange(1, 4))}))
    what = author.chance.choice(
        ("targets", "targets", "targets", "excludes", "replaces" if command == "up" else "targets")
    )
    return Flags(
        targets=some if what == "targets" else (),
        target_dependents=what == "targets" and author.maybe(0.4),
        excludes=some if what == "excludes" else (),
        exclude_dependents=what == "excludes" and author.maybe(0.4) and command == "up",
        replaces=some if what == "replaces" else (),
    )


def _go_on(author: Author, steps: int) -> None:
    """Something fails, and the rest goes on."""
    author.begin(author.chance.randrange(5, 9))
    author.deploy()
    while len(author.steps) < steps:
        key = author.pick_key("Box")
        said = author.edit((*BASIC, rename), author.chance.randrange(0, 3))
        if key is not None and key in author.program.keys_of():
            said += ", " + _break(author, key, author.chance.choice(("create", "create", "update", "delete", "init")))
        author.flags = Flags(continue_on_error=True)
        author.deploy("destroy" if author.maybe(0.1) else "up", edit=said)
        author.program = author.program.settled()
        if author.maybe(0.8):
            author.flags = Flags(continue_on_error=author.maybe(0.5))
            author.deploy(edit="mended")
    author.mended = True
    author.deploy(edit="mended")


def scenario(seed: int) -> Scenario:
    """The scenario of a seed."""
    author = Author(Random(seed))  # chance that is the same every time is what is wanted
    special = {"failures": _fail, "drift": _drift, "targets": _target, "going on": _go_on}
    kinds = [*THEMES, "failures", "failures", "drift", "targets", "targets", "going on"]
    theme = kinds[seed % len(kinds)]
    steps = LEAST_STEPS - 1
    if theme in special:
        special[theme](author, steps)
    else:
        _follow_theme(author, theme, steps)
    return Scenario(seed, theme, tuple(author.steps))


def scenarios() -> list[Scenario]:
    """All of them."""
    return [scenario(seed) for seed in range(SCENARIOS)]
