"""What the git history of an application says of its modules.

    modules and their folders ─┐
    git log → commits → people, formatting → renames → Change per commit → History → figures
    git merge-tree ──────────────────────────────────→ Conflicts ────┘

A change is a commit that is not a merge. A branch that was squashed is one change with several
authors, a branch that was merged as many as it had commits: `History.squashed` and `left_out` say
how many there were of either. What nobody decided to change is left out: bots, mass formatting,
first commits.

Every call of git has a time limit. None goes to the network, asks, or runs what is configured for
people (pagers, signatures, external programs). The repository is never written to: what replayed
merges need to write goes to a temporary folder.
"""

from amoeba.advisor.history.deployables import Deployments, deployments
from amoeba.advisor.history.figures import Churn, CoChange, churn, co_changes, crossing, shared
from amoeba.advisor.history.folders import module_paths
from amoeba.advisor.history.history import Change, Conflicts, History, LeftOut, Share
from amoeba.advisor.history.reading import read_history
from amoeba.advisor.history.teams import TeamChanges, team_changes

__all__ = [
    "Change",
    "Churn",
    "CoChange",
    "Conflicts",
    "Deployments",
    "History",
    "LeftOut",
    "Share",
    "TeamChanges",
    "churn",
    "co_changes",
    "crossing",
    "deployments",
    "module_paths",
    "read_history",
    "shared",
    "team_changes",
]
