"""Slack behind the notifier port: one message for each lead and owner, posted once, then updated."""

from tools.slack.notifier import Posted, SlackNotifier
from tools.slack.receipts import receipt_of
from tools.slack.signature import verify_signature

__all__ = ["Posted", "SlackNotifier", "receipt_of", "verify_signature"]
