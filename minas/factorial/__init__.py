"""Factorial experiments: what is planned of a study, and how its cells are evaluated."""
