"""Search spaces of typed directed acyclic graphs. Knows no torch, no training and no search.

- `structure`: the values: nodes, stages, architectures
- `architecture`: all that can be done with an architecture, gathered for other parts of MINAS
- `canonical`: canonical form and key
- `exchange`: JSON values and back
- `validation`: what makes an architecture valid
- `signatures`: what the graph knows of operators
- `kinds`: kinds of state, and what a sample's shape means for each
- `cost`: what an operator costs, by its signature
- `space`: what may be generated, as a TOML file says it
- `wiring`: random graphs for stages
- `variation`: sampling, mutation, crossover
- `changes`, `stage_changes`: one-step changes, neighbours
- `prediction`: cost and graph figures before anything is built
"""
