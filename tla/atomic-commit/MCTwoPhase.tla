------------------------------ MODULE MCTwoPhase ------------------------------
(***************************************************************************)
(* TwoPhase for the model checkers: witnesses and seeded bugs.             *)
(*                                                                         *)
(* A witness says that something interesting never happens; its cfg must   *)
(* FAIL, and the counterexample is how it happens. Without witnesses a     *)
(* spec whose guards are never true would hold of everything.              *)
(*                                                                         *)
(* A bug is a definition that a cfg puts in place of the spec's own; its   *)
(* cfg must FAIL too, or the property that it breaks watches nothing.      *)
(***************************************************************************)
EXTENDS TwoPhase

WitAllCommit == ~(\A r \in RM : rmState[r] = "committed")
WitAllAbort  == ~(\A r \in RM : rmState[r] = "aborted")

\* An abort reaches one that had promised to commit.
WitPreparedAborts == \A r \in RM : ~( /\ rmState[r] = "aborted"
                                      /\ [type |-> "Prepared", rm |-> r] \in msgs )

------------------------------------------------------------------------------
\* The TM asks for one vote too few.
BugCommitEarly == \E r \in RM : RM \ {r} \subseteq tmPrepared

\* A prepared participant loses patience.
BugPreparedMayAbort(r) == rmState[r] \in {"working", "prepared"}
==============================================================================
