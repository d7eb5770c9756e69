------------------------------- MODULE TCommit -------------------------------
(***************************************************************************)
(* What atomic commitment is, with no word on how: each participant ("RM", *)
(* resource manager) ends in "committed" or in "aborted", no two differ,   *)
(* and nobody commits before all are prepared.                             *)
(*                                                                         *)
(* After Gray & Lamport, Consensus on Transaction Commit (2006), §2.       *)
(***************************************************************************)
CONSTANT RM          \* the participants
VARIABLE rmState     \* what each of them has done

Init == rmState = [r \in RM |-> "working"]

TypeOK == rmState \in [RM -> {"working", "prepared", "committed", "aborted"}]

------------------------------------------------------------------------------
CanCommit    == \A r \in RM : rmState[r] \in {"prepared", "committed"}
NotCommitted == \A r \in RM : rmState[r] # "committed"

\* "Yes, I can commit": from here on, only the others release it.
Prepare(r) == /\ rmState[r] = "working"
              /\ rmState' = [rmState EXCEPT ![r] = "prepared"]

Commit(r) == /\ rmState[r] = "prepared"
             /\ CanCommit
             /\ rmState' = [rmState EXCEPT ![r] = "committed"]

Abort(r) == /\ rmState[r] \in {"working", "prepared"}
            /\ NotCommitted
            /\ rmState' = [rmState EXCEPT ![r] = "aborted"]

Next == \E r \in RM : Prepare(r) \/ Commit(r) \/ Abort(r)

Spec == Init /\ [][Next]_rmState

------------------------------------------------------------------------------
(* AC1, Agreement: no two participants decide differently. *)
Agreement == \A r, s \in RM : ~(rmState[r] = "committed" /\ rmState[s] = "aborted")

(* AC4, Stability: a decision is final. *)
Stable == [][\A r \in RM : rmState[r] \in {"committed", "aborted"} => rmState'[r] = rmState[r]]_rmState
==============================================================================
