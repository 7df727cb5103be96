"""Keys, tokens and passwords among a release's texts, found by detect-secrets' detectors, line by line.

What is left out of its detectors: the entropy of texts (a digest is no secret), public IP addresses, and its own rule
for keywords, for which ours stands: a password is believed where a key says so and the value looks like one. A value is
never shown, only its beginning. A line that is no secret says so with the comment `pragma: allowlist secret`
(detect-secrets' own), a file in package.yaml.

https://github.com/Yelp/detect-secrets
"""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from model_packaging.errors import PackagingError

MAXIMUM_TEXT_BYTES = 2 * 1024 * 1024
"""A longer text is a model's, not a person's: a tree ensemble as text, a vocabulary."""
_LINE_PIECE, _LINE_OVERLAP = 4096, 256
_SHOWN_CHARACTERS = 4

_DETECTORS = (
    "ArtifactoryDetector AWSKeyDetector AzureStorageKeyDetector BasicAuthDetector CloudantDetector"
    " DiscordBotTokenDetector GitHubTokenDetector GitLabTokenDetector IbmCloudIamDetector IbmCosHmacDetector"
    " JwtTokenDetector MailchimpDetector NpmDetector OpenAIDetector PrivateKeyDetector"
    " PypiTokenDetector SendGridDetector SlackDetector SoftlayerDetector SquareOAuthDetector StripeDetector"
    " TelegramBotTokenDetector TwilioKeyDetector"
)

_MORE: tuple[tuple[str, re.Pattern[str]], ...] = (
    # detect-secrets wants quotes around AWS's secret keys; files of variables have none.
    ("AWS Secret Access Key", re.compile(r"aws_?secret\w*\s*[:=]\s*['\"]?([0-9a-zA-Z/+]{40})\b", re.IGNORECASE)),
    ("Hugging Face token", re.compile(r"\b(hf_[A-Za-z]{34,})\b")),
    ("Google API key", re.compile(r"\b(AIza[0-9A-Za-z_-]{35})\b")),
    ("GitHub fine-grained token", re.compile(r"\b(github_pat_[0-9A-Za-z_]{60,})\b")),
)
_KEYWORD = "password behind a keyword"
_KEY = r"(?:^|[\s_\"'.])(?:password|passwd|secret|api_?key|auth_?token|access_?token|private_?key)[\"']?\s*[:=]\s*"
_QUOTED = re.compile(_KEY + r"[\"']([^\s\"']{8,})[\"']", re.IGNORECASE)
_BARE = re.compile(_KEY + r"[\"']?([^\s\"'#,;{}\[\]()<>$]{8,})", re.IGNORECASE)
_CODE = (".py", ".pyi", ".js", ".ts", ".java", ".go", ".cc", ".cpp", ".sh")
"""Where a text in quotes is a value, and a word without them is a name."""
_MINIMUM_KEYWORD_ENTROPY = 2.8
_PLACEHOLDER = re.compile(
    r"x{3,}|\*{3,}|\.{3}|^<|^\$|\{\{|example|changeme|change_me|placeholder|your[-_]|dummy|redacted|environ|getenv|none$|null$|true$|false$",
    re.IGNORECASE,
)
_ALLOWED_LINE = re.compile(r"pragma:\s*allowlist[ -]secret", re.IGNORECASE)


@dataclass(frozen=True)
class FoundSecret:
    """One secret: what it is, where, and how it begins."""

    line: int
    kind: str
    shown: str
    """Its first characters; never the whole."""


def find_secrets(stream: io.BufferedReader, name: str) -> Iterator[FoundSecret]:
    """Every secret of a text, each once a line.

    Raises:
        PackagingError: detect-secrets is not installed.
    """
    detectors = _detectors()
    for number, raw in enumerate(stream, start=1):
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line.strip() or _ALLOWED_LINE.search(line):
            continue
        seen: set[str] = set()
        for kind, value in _in_line(detectors, name, line):
            if value not in seen and not any(value in one or one in value for one in seen):
                seen.add(value)
                yield FoundSecret(number, kind, f"{value[:_SHOWN_CHARACTERS]}…")


def _in_line(detectors: tuple[Any, ...], name: str, line: str) -> Iterator[tuple[str, str]]:
    keyword = _QUOTED if name.endswith(_CODE) else _BARE
    for start in range(0, len(line), _LINE_PIECE):
        piece = line[max(0, start - _LINE_OVERLAP) : start + _LINE_PIECE]
        for detector in detectors:
            for found in sorted(detector.analyze_string(piece)):
                yield detector.secret_type, found
        for kind, pattern in _MORE:
            yield from ((kind, match[1]) for match in pattern.finditer(piece))
        for match in keyword.finditer(piece):
            if _looks_like_password(match[1]):
                yield _KEYWORD, match[1]


def _looks_like_password(value: str) -> bool:
    """Whether a value that stands behind a word such as `password` is one, and not a name, a path or a reference."""
    if len(value) < 8 or _PLACEHOLDER.search(value) or re.fullmatch(r"[A-Za-z_]+([./-][A-Za-z_]+)*\(?\)?", value):
        return False
    counts = Counter(value)
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())
    return entropy >= _MINIMUM_KEYWORD_ENTROPY


@cache
def _detectors() -> tuple[Any, ...]:
    try:
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    except ImportError as error:
        raise PackagingError(
            "detect-secrets, which looks for keys and passwords among the files, is not installed;"
            " pip install 'greenroom[package]'"
        ) from error
    classes: Any = get_mapping_from_secret_type_to_class()
    known: dict[str, Any] = {one.__name__: one for one in classes.values()}
    return tuple(known[name]() for name in _DETECTORS.split())
