"""The action of any module: what its steps cost in change of state (T) and in the maps that they apply (V)."""
