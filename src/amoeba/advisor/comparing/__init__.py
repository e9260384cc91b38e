"""Comparing architectures: the same load on each topology, in turn, on this machine.

    topologies and rounds → start → load → measure → stop      (`run`), the order turned each round
    each process restarted, then killed, under load          (`probes`)
    the highest rate within the SLO                          (`load.find_rate`)
    measured → `rows` → Comparison → terminal, Markdown, page

Every figure is of the user's application as it runs, from outside: its processes, its answers, its
evidence, which goes to a file of its own and never among that of real traffic. Differences that
chance may have made are marked as such.
"""
