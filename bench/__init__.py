"""Where the README's figures come from: the load, the servers it is sent to, and what ours is compared with."""
