"""One file a page: widgets -> settings -> run -> views.

What pages are made of lies in `parts`, their style sheets in `css`; what takes long is done beside them by `jobs`.
`study_work` is a study in the making, which all share who look at it.
"""
