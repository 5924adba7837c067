"""The commands about models, one module each."""
