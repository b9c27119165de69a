"""Learning to draw, in plain PyTorch: networks, the training loop, drawing and scores.

Imports nothing of ours from outside, so it serves in a notebook as well as under the blocks. What it has to
say while it works it says to an `Observer`.
"""
