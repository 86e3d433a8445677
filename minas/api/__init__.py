"""The public Python interface, which the command line calls and which joins everything else."""
