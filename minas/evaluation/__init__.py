"""From candidate to trial: build, check limits, train, measure, keep the weights. Runs inside an engine's workers."""
