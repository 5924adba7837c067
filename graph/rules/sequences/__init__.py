"""Sequences of steps: when the next is due, what it does, what a mail says. All pure; `now` is an argument."""
