------------------------------- MODULE MCTCommit -------------------------------
(* TCommit for the model checkers. *)
EXTENDS TCommit

WitCommits == \A r \in RM : rmState[r] # "committed"

\* It looks at itself instead of at all.
BugCommitAlone == TRUE
==============================================================================
