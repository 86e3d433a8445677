"""A run's folder and what it holds: configuration, store, front. Records only: no torch, no networks."""
