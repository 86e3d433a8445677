"""Brief training with the action in the loss: settings, loop, divergence. Importing this package loads no torch."""
