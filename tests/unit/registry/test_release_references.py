"""Which release is meant is told exactly, or refused with the ones it could be."""

from __future__ import annotations

import re

import pytest

from model_packaging import ReleaseNotFoundError
from model_packaging.registry.errors import UnknownReleaseError
from model_packaging.registry.references import could_mean, environments_with, find_release, short
from tests.unit.registry.stored_releases import store_in, stored


@pytest.fixture
def store(tmp_path):
    return store_in(tmp_path)


def test_a_name_alone_means_the_only_release(store):
    release = stored(store)
    assert find_release(store, "fraud") == release


def test_of_several_releases_one_must_be_named_and_all_are_listed(store):
    first, second = stored(store), stored(store, version="2.0.0")
    with pytest.raises(UnknownReleaseError) as refused:
        find_release(store, "fraud", {"dev": {"fraud": second.digest}})
    assert str(refused.value) == "\n".join(
        [
            "'fraud' has 2 releases; name one of them:",
            *sorted([f"  fraud@{first.hex_digest}", f"  fraud@{second.hex_digest}  (pinned in dev)"]),
        ]
    )


@pytest.mark.parametrize("written", ["{hex}", "sha256:{hex}", "{six}", "{upper}"])
def test_a_digest_or_its_first_digits_name_a_release(store, written):
    release = stored(store)
    stored(store, version="2.0.0")
    place = written.format(hex=release.hex_digest, six=release.hex_digest[:6], upper=release.hex_digest[:9].upper())
    assert find_release(store, f"fraud@{place}") == release


def test_an_environment_names_the_release_it_pins(store):
    release = stored(store)
    stored(store, version="2.0.0")
    assert find_release(store, "fraud@dev", {"dev": {"fraud": release.digest}}) == release


def test_an_environment_that_pins_what_the_store_lacks_says_so(store):
    stored(store)
    with pytest.raises(ReleaseNotFoundError, match=f"has no release sha256:{'0' * 64} of model 'fraud'"):
        find_release(store, "fraud@dev", {"dev": {"fraud": f"sha256:{'0' * 64}"}})


REFUSED = {
    "": "'' names no release; allowed: NAME, NAME@DIGEST",
    "fraud@": "'fraud@' names no release; allowed: NAME, NAME@DIGEST",
    "frod": "has no release of model 'frod'; models there: fraud; did you mean 'fraud'?",
    "fraud@abc": "'abc' is too short to be sure of; write at least 6 digits:\n  fraud@",
    "fraud@000000": "fraud@000000: there is no such release",
    "fraud@stagin": "'stagin' is neither an environment nor the digits of a digest",
    "fraud@prod": "environments/prod.yaml pins no release of 'fraud'; it pins: nothing",
}


@pytest.mark.parametrize(("written", "told"), REFUSED.items())
def test_what_names_no_release_is_refused_with_what_there_is(store, written, told):
    stored(store)
    with pytest.raises(UnknownReleaseError, match=re.escape(told)):
        find_release(store, written, {"staging": {}, "prod": {}})


def test_an_environment_that_was_nearly_named_is_offered(store):
    stored(store)
    with pytest.raises(UnknownReleaseError, match=r"did you mean fraud@staging\?$"):
        find_release(store, "fraud@stagin", {"staging": {}, "prod": {}})


def test_an_empty_store_says_how_to_make_a_release(store):
    with pytest.raises(
        UnknownReleaseError, match=r"models there: none; make one with `greenroom package models/fraud`"
    ):
        find_release(store, "fraud")


def test_a_note_beside_a_release_is_no_release(store):
    release = stored(store)
    (store.root / "fraud" / f"{release.hex_digest}.registrations.json").write_text("{}")
    assert store.digests() == {"fraud": (release.digest,)}
    assert store.list() == (release,)


def test_pins_and_short_digests_are_told(store):
    release = stored(store)
    pins = {"dev": {"fraud": release.digest}, "prod": {}, "staging": {"fraud": "sha256:other"}}
    assert environments_with(pins, "fraud", release.digest) == ("dev",)
    assert short(release.digest) == release.hex_digest[:12]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("fraud", ("a", "b")),
        ("fraud@aaaaaa", ("a",)),
        ("fraud@AAAAAAA", ("a",)),
        (f"fraud@sha256:{'b' * 64}", ("b",)),
        ("fraud@aaaaa", ()),  # too short to be sure of
        ("fraud@cccccc", ()),
        ("fraud@dev", ("b",)),
        ("fraud@prod", ()),
        ("growth@dev", ()),
        ("fraud@nowhere", ()),
    ],
)
def test_what_a_reference_could_mean_of_a_list_of_digests(text, meant):
    digests = {letter: f"sha256:{letter * 64}" for letter in "ab"}
    pins = {"dev": {"fraud": digests["b"]}, "prod": {}}
    assert could_mean(text, digests.values(), pins) == tuple(digests[letter] for letter in meant)
