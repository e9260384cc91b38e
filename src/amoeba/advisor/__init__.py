"""The advisor: which architecture suits an application, from what was measured of it.

Each package below it is one source or one question: `history` is what git knows of the modules,
`comparing` runs topologies side by side. It changes nothing. What a figure stands on goes with it:
how many were counted, its interval, what was left out. Where data is missing the answer says which,
and there is no figure.
"""
