"""What an operator sees: JSON logs without personal data, and the declared metrics."""
