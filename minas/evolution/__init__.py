"""The search: NSGA-II over architectures, an ordered window of trials in flight, a clock, and the front's confirmation."""
