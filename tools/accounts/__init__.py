"""The known accounts: who told us of them, their families, and which of them a lead belongs to."""
