"""What people do in Slack: buttons, the form of a pass, and the command. Every act is one of `tools.store.acts`."""
