"""Learning from what became of leads: training, comparing, watching and retraining over the store and the registry."""
