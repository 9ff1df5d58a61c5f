"""`explorer study`: a plan that is run without a screen, by several processes or a cluster, and can be continued.

Read run_study.py first. Batches are made by `processes` or `cluster`; `journal` keeps what is finished on the disk, and
`locks` lets one command at a time do so; `progress` tells how far it is.
"""
