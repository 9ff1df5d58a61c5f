"""Slow work beside the pages: on processes of their own, in slices, kept within bounds, shared by all who ask the same.

Read job.py first, then scheduler.py (whose turn it is), worker.py (where it is done), tasks.py (what is done there) and
kept.py (what is remembered). The pages ask shared.py, the players ask by promises.py; server.py starts it all.
"""
