"""The solvers that alternating least squares is compared with, each in a file of its own."""
