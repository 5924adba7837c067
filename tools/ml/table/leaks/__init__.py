"""Leak guard: columns that look decided after the outcome, each with its evidence. `guard.look_for_leaks` asks them all.

    alone    how well one column alone sorts the outcomes, and where it decides them
    blanks   cells that are filled for one outcome only
    order    ids and the order of rows that sort the outcomes
    times    dates later than the row's own time
    words    names that speak of what comes afterwards

No single sign is proof: an honest column may be strong, and may be blank more often for one outcome. What stops training
is a sign that honest columns hardly show, or two that do not come together by chance (infra/docs/adr/0015).
"""
