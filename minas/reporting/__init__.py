"""What a person sees while a run works and of what it gave."""
