"""The Lead insights API: predictions, rankings and scores over HTTP."""
