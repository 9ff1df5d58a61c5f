"""What the help says, by the title of the page."""

KEYS = """
| key | what it does in the player that has the focus |
|---|---|
| Space | play, pause |
| ← → | half a step back, forward |
| Shift ← → | a full step back, forward |
| Home, End | to the start, to the end |
| L | play again and again |
| H | in both: hide what comes next, the verdict too |
| K | play both players in step |
| P | present mode, Esc leaves it |
"""

_EXPLORE = """
**EM and ALS are one move.** Fix one block, solve for the other, repeat. EM alternates responsibilities and
parameters on the lower bound G(Q, θ); ALS alternates the factors X and Y on |P(A − XYᵀ)|². What a half step
changes is framed in yellow. Click a curve to go there, a row of the table or a cell to follow it in the formula,
the formula to see another one.
"""

_SENSITIVITY = """
**Where a start leads, how often, and why.** A study runs EM, or ALS, from many starts. A, B, … are the distinct optima,
the best first; they have one colour on every chart. Amber and hatched is what is no optimum: a run that its tolerance
**stopped early** on a plateau, a **saddle point** that equal components never leave, a **spurious** spike on a few
points, a **degenerate** collapse. For ALS: a run is **stuck** where another start could recover the matrix, and a mask
is **not determined** where no start can.

*Starts for A with 95 % certainty*: so many restarts end in A at least once in 19 of 20 times.

**A click on a bar, a bubble, a path or a place of the map** replays that run, beside one that ended elsewhere, both in
step. The address holds the study and the runs; the table of all runs can be downloaded, and opened again.
"""

HELP = {"Explore": _EXPLORE, "Sensitivity": _SENSITIVITY}
