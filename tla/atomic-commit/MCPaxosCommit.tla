---------------------------- MODULE MCPaxosCommit ----------------------------
(* PaxosCommit for the model checkers: witnesses and seeded bugs. *)
EXTENDS PaxosCommit

WitCommits == \A r \in RM : rmState[r] # "committed"

\* A later ballot finishes what the votes of ballot 0 began.
WitFinishedByAnother ==
    ~( /\ [type |-> "Commit"] \in msgs
       /\ \A r \in RM : \E a \in Acceptor : Taken(1, r, "prepared", a) \in msgs )

\* A later ballot aborts one that had voted yes: nobody had its vote.
WitAbortsASilentOne == ~(\E r \in RM : rmState[r] = "aborted" /\ Proposal(0, r, "prepared") \in msgs)

------------------------------------------------------------------------------
\* The leader proposes "aborted" whatever acceptors have taken.
BugIgnoresVotes(S, r) == "aborted"

\* Acceptors take whatever comes.
BugForgetsPromise(a, b) == TRUE

\* One vote is enough.
BugOneVote == \E r \in RM : IsChosen(r, "prepared")
==============================================================================
