"""The page about Slack and the app's manifest say what the product does."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from tools.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = yaml.safe_load((ROOT / "infra" / "slack-manifest.yaml").read_text(encoding="utf-8"))
PAGE = (ROOT / "infra" / "docs" / "slack.md").read_text(encoding="utf-8")
NEEDED = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.open": "im:write",
    "conversations.history": "im:history",
    "conversations.replies": "im:history",
    "users.lookupByEmail": "users:read.email",
}
"""The methods that tools/slack calls, and the scope that Slack's reference names for each in a direct message."""


def test_the_app_has_the_scopes_of_every_method_that_is_called():
    called = set(re.findall(r"_client\.(\w+)", (ROOT / "tools" / "slack" / "calls.py").read_text(encoding="utf-8")))
    named = {method.replace(".", "_"): scope for method, scope in NEEDED.items()}
    assert named.keys() <= called
    assert set(named.values()) <= set(MANIFEST["oauth_config"]["scopes"]["bot"])


def test_the_page_names_settings_that_there_are():
    named = set(re.findall(r"`((?:SLACK|NOTIFIER|PUBLIC)_?[A-Z_]*)[`=]", PAGE))
    assert {"SLACK_BOT_TOKEN", "SLACK_TEAM_CHANNEL", "SLACK_DIGEST_HOURS"} <= named
    known = {name.upper() for name in Settings.model_fields} | {"SLACK_SIGNING_SECRET"}
    assert named <= known


def test_the_manifest_points_to_the_two_ways_in():
    urls = [MANIFEST["settings"]["interactivity"]["request_url"], MANIFEST["features"]["slash_commands"][0]["url"]]
    assert [url.partition(".com")[2] for url in urls] == ["/slack/interactions", "/slack/commands"]
