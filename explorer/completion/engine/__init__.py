"""What makes alternating least squares fast, and what the other solvers compute with: open it only to change speed."""
