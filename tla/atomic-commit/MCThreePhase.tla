---------------------------- MODULE MCThreePhase ----------------------------
(* ThreePhase for the model checkers: witnesses and seeded bugs. *)
EXTENDS ThreePhase

\* Somebody takes over, and those who are up commit without their coordinator.
WitCommitsWithoutCoordinator ==
    ~(C \notin up /\ cState = "precommitted" /\ (\A r \in RM : rmState[r] = "committed"))

WitTotalFailure == ~((\A n \in Node : n \in failed) /\ (\A r \in RM : rmState[r] = "committed")
                        /\ cState = "precommitted")

------------------------------------------------------------------------------
\* The network is asynchronous, or falls apart: a silence says nothing.
BugPartition(n) == TRUE

\* Two phases: nobody waits until everybody knows.
BugNobodyNeedKnow == TRUE

\* It takes over without asking those who are up.
BugHeardAll(r) == turn[r] = "ask"
==============================================================================
