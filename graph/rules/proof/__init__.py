"""The proof of a routing file: every possible lead has exactly one live owner, and every line of the file has leads.

`prove` is exact over all dimensions at once (places with postal prefixes, words, numbers, unknown, days, who is there)
and tries no single lead. Start with `verdicts`; `space` says what a lead is, `claims` who is asked, `search` how a lead
is found that nobody takes.
"""

from graph.rules.proof.results import Dead, Falls, Gap, Partly, Proof, Unreached, Witness
from graph.rules.proof.verdicts import prove

__all__ = ["Dead", "Falls", "Gap", "Partly", "Proof", "Unreached", "Witness", "prove"]
