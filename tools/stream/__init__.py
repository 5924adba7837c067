"""The durable way from an accepted POST to a performed effect: inbox, worker, outbox, dispatcher, dead letters."""
