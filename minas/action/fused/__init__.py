"""The quick way for training: a step's kernels and its action in one autograd function.

The steps of small networks are bound by the number of operations, not by their size. The first forward pass is read in
general; if every step that it finds is of a kind known here, `plan` notes which calls make which step, and later passes
run each step as one function. It runs the same kernels as torch does, so outputs are the same to the bit, takes T and V of
the first samples in closed form, and adds their gradient in the backward pass into the slice of the gradient that is at
hand: no full-size tensor of zeros is ever made. Small vectors (a number a channel) of all steps are treated together.

    cells        what a step keeps between its passes
    convolution  convolution, batch normalisation, ReLU or sigmoid
    others       linear maps, pooling, products with a gate
    totals       T, V and E of a pass, and how the loss's weights for them reach the steps
    plan         which calls make which step
    recorder     runs a pass by its plan
"""
