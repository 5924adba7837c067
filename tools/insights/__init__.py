"""What is said about a lead's score beyond the decision: predictions, risks, advice, what would raise it."""
