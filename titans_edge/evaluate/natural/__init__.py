"""Natural conversations written by hand, with questions on them: the data of `eval natural`, no code.

`dev.json`: people with what they told (`days_ago` counts whole days before 24 November 2026, the set's today) and
questions on it; `world.json`: questions that have nothing to do with what was told; `untold.json`: personal questions
whose answer nobody told. `old` of a changed fact is the value that is wrong now, `new` of a past one what replaced it.
"""
