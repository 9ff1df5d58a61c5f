"""What a single run cannot tell: where other starts end, how often, and what the data can determine at all.

Around one run look `beyond` (would it climb on, where do other starts end, is the mask enough) and `verdicts`.

A study is many runs. To read it, begin with `plans` (what is to be run, in which batches), `em_runs` and `als_runs` (a
batch as rows of a table), `em_outcomes` and `als_outcomes` (what became of every run; `outcomes` for a whole plan),
`em_summary` and `shares` (what many runs say), `names` (what optima are called).

What one sees besides: `em_paths`, `paths` (runs made again, with every value on the way), `landscape` and `partitions`
with `reached` (all starts of a kind), `phase` (recovery over density and rank), `rotation` (factors that differ, and do
not).

When one machine is not enough: `work` (batches handed to any executor), `processes` and `cluster` (which ones), `journal`
(finished batches on the disk), `results` with `tables` and `portable` (files that load again), `plan_files`, `progress`,
and `command`, which puts them together.
"""
