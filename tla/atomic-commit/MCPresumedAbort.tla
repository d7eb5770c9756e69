--------------------------- MODULE MCPresumedAbort ---------------------------
(* PresumedAbort for the model checkers: witnesses and seeded bugs. *)
EXTENDS PresumedAbort

\* A crash between the decision and the last acknowledgement.
WitCrashAfterDecision ==
    ~(life = 2 /\ 1 \in committed /\ (\E r \in RM : rmState[1][r] = "prepared"))

\* The second run of the call commits.
WitSecondRunCommits == ~HasCommitted(2)

\* Nobody who is up knows, and everybody has promised: two-phase commit blocks.
WitBlocked == ~( /\ \A r \in RM : rmState[1][r] = "prepared"
                 /\ voting = {} /\ committed = {} )

WitForgotten == ~(told = "committed" /\ committed = {})

------------------------------------------------------------------------------
\* The commit record is not on disk.
BugNotOnDisk == {}

\* One acknowledgement is enough.
BugForgetEarly(n) == waiting[n] # RM

\* A participant loses patience.
BugDecidesAlone(n, r) == TRUE

\* Each run of a call has the same name.
BugSameName == 1

\* What the client is told is not written.
BugTellsAbort == told

\* It asks for one vote too few.
BugCommitEarly(n) == \E r \in RM : RM \ {r} \subseteq yes[n]
==============================================================================
