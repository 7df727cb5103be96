"""Programs, each a list of versions that are deployed one after the other."""

from __future__ import annotations

BASIC = """
a = Box("a", size=1)
b = Box("b", size=2, of=a.arn)
r = Room("r", hue="red")
c = Box("c", size=3, pw=Output.secret("hush"), opts=inside(r, depends_on=[a]))
r.register_outputs({"arn": c.arn})
pulumi.export("arn", b.arn)
"""

TWO_PHASE = """
kept = pulumi.Stash("kept", input={types}, opts=ResourceOptions(
    replace_on_changes=["input"], delete_before_replace=True))
endpoint = Box("endpoint", size={size}, opts=ResourceOptions(depends_on=[kept]))
target = Box("target", shape=kept.output.apply(lambda types: types["a"]), opts=ResourceOptions(depends_on=[endpoint]))
policy = Box("policy", shape=target.arn)
onlooker = Box("onlooker", note=target.arn)
"""

PROGRAMS: dict[str, list[str]] = {
    "nothing changes": [BASIC, BASIC],
    "an update, an added and a removed resource": [
        BASIC,
        BASIC.replace("size=2", "size=20") + 'd = Box("d", size=1, opts=inside(r))',
        BASIC.replace('b = Box("b", size=2, of=a.arn)', "").replace("b.arn", "a.arn"),
        "",
    ],
    "a replacement, created before the old one is deleted": [
        'a = Box("a", shape="round")\nb = Box("b", of=a.arn)\nc = Box("c", shape=a.arn)',
        'a = Box("a", shape="square")\nb = Box("b", of=a.arn)\nc = Box("c", shape=a.arn)',
    ],
    "a replacement, deleted first because the provider says so": [
        'a = Box("a", slot="1")\nb = Box("b", of=a.arn)\nc = Box("c", shape=a.arn)\nd = Box("d", slot=c.arn)',
        'a = Box("a", slot="2")\nb = Box("b", of=a.arn)\nc = Box("c", shape=a.arn)\nd = Box("d", slot=c.arn)',
    ],
    "a replacement, deleted first because the user says so, whose dependent leaves": [
        'o = ResourceOptions(delete_before_replace=True)\na = Box("a", shape="1", opts=o)\nc = Box("c", shape=a.arn)\n',
        'o = ResourceOptions(delete_before_replace=True)\na = Box("a", shape="2", opts=o)\n',
    ],
    "two phases: what scales goes before the endpoint changes, and comes back after": [
        TWO_PHASE.format(types='{"a": "m5"}', size=1),
        TWO_PHASE.format(types='{"a": "m6"}', size=2),
        TWO_PHASE.format(types='{"a": "m6"}', size=3),
    ],
    "options": [
        """
a = Box("a", size=1, hue="red", opts=ResourceOptions(ignore_changes=["hue"], additional_secret_outputs=["arn"]))
b = Box("b", size=1, hue="red", opts=ResourceOptions(replace_on_changes=["hue"], retain_on_delete=True))
c = Box("c", size=1, opts=ResourceOptions(protect=True, custom_timeouts=pulumi.CustomTimeouts(create="5m")))
d = Box("d", size=1, opts=ResourceOptions(deleted_with=a))
""",
        """
a = Box("a", size=2, hue="blue", opts=ResourceOptions(ignore_changes=["hue"], additional_secret_outputs=["arn"]))
b = Box("b", size=1, hue="blue", opts=ResourceOptions(replace_on_changes=["hue"], retain_on_delete=True))
c = Box("c", size=1)
""",
    ],
    "aliases of names, parents and types": [
        'r = Room("r")\na = Box("r-a", opts=inside(r))\nb = Box("b", of=a.arn)\nt = Box("t")',
        """
r = Room("room", opts=ResourceOptions(aliases=[Alias(name="r")]))
a = Box("room-a", opts=inside(r))
b = Box("b", of=a.arn, opts=inside(r, aliases=[Alias(parent=pulumi.ROOT_STACK_RESOURCE)]))
t = Target("t", opts=ResourceOptions(aliases=[Alias(type_="mem:index:Box")]))
""",
    ],
    "explicit providers, inherited through components, replaced by another": [
        """
p = Provider("p", region="here")
r = Room("r", opts=ResourceOptions(providers=[p]))
a = Box("a", opts=inside(r))
b = Box("b", opts=ResourceOptions(provider=p))
c = Box("c", opts=ResourceOptions(version="1.2.3"))
""",
        """
p = Provider("p", region="there")
r = Room("r", opts=ResourceOptions(providers=[p]))
a = Box("a", opts=inside(r))
b = Box("b")
""",
    ],
    "secrets and dependencies, property by property": [
        """
a = Box("a", size=1)
s = Output.secret({"deep": ["x", 1, True]})
b = Box("b", one=s, two={"x": a.arn, "y": s.apply(lambda v: v["deep"][1])}, three=[1, {"z": None}])
pulumi.export("whole", b)
pulumi.export("secret", s)
""",
        """
a = Box("a", size=2)
s = Output.secret({"deep": ["x", 2, True]})
b = Box("b", one=s, two={"x": a.arn, "y": s.apply(lambda v: v["deep"][1])}, three=[1, {"z": 1.5}])
pulumi.export("secret", s)
""",
    ],
    "reads of what exists": [
        'a = Box("a", size=4)',
        'a = Box("a", size=4)\ne = Box.existing("e", "a-1")\nb = Box("b", of=e.arn)',
        'a = Box("a", size=4)\nb = Box("b")',
    ],
    "a component becomes larger and smaller": [
        'r = Room("r", n=1)\nx = Room("x", opts=inside(r))\na = Box("a", opts=inside(x))',
        'r = Room("r", n=2)\nx = Room("x", opts=inside(r))\na = Box("a", opts=inside(x))\nb = Box("b", opts=inside(x))',
        'r = Room("r", n=2)\nb = Box("b", opts=inside(r))',
    ],
    "replacement with another, and a trigger": [
        """
a = Box("a", shape="1")
b = Box("b", opts=ResourceOptions(replace_with=[a]))
c = Box("c", opts=ResourceOptions(replacement_trigger="1"))
""",
        """
a = Box("a", shape="2")
b = Box("b", opts=ResourceOptions(replace_with=[a]))
c = Box("c", opts=ResourceOptions(replacement_trigger="2"))
""",
    ],
    "assets": [
        'a = Box("a", text=pulumi.StringAsset("hello"), many=pulumi.AssetArchive({"x": pulumi.StringAsset("y")}))',
    ],
}

FAILING: dict[str, list[str]] = {
    "a creation fails; what depends on it is not begun": [
        'a = Box("a", fail="create")\nb = Box("b", of=a.arn)',
        'a = Box("a")\nb = Box("b", of=a.arn)',
    ],
    "the creation after an early deletion fails; the next update makes up for it": [
        'a = Box("a", slot="1")\nc = Box("c", shape=a.arn)',
        'a = Box("a", slot="2", fail="create")\nc = Box("c", shape=a.arn)',
        'a = Box("a", slot="2")\nc = Box("c", shape=a.arn)',
    ],
    "an update fails": ['a = Box("a")', 'a = Box("a", fail="update")', 'a = Box("a", size=2)'],
    "a deletion of a replaced resource fails": [
        'a = Box("a", shape="1", fail="delete")',
        'a = Box("a", shape="2")',
    ],
    "the program raises": ['a = Box("a")', 'a = Box("a")\nraise ValueError("oh")', 'a = Box("a")'],
}
