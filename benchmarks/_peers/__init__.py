"""What one tool does when a benchmark compares it: each `run_*` module is a program of its own, run in a fresh process."""
