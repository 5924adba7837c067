"""What an edit of the routing file would do to the leads of a period: who moves, why, and whether the guards let it."""
