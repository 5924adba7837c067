"""Outgoing webhooks: tells subscribed endpoints what happened to leads, signed as Standard Webhooks has it.

    store/announcing (in the transaction of what happened) -> outbox -> dispatcher -> performing -> sending -> endpoint

At least once, in no promised order: a message keeps its id in every attempt and replay, so that a receiver can drop what it
has. For receivers: infra/docs/webhooks.md.
"""
