------------------------------- MODULE Consensus -------------------------------
(***************************************************************************)
(* What consensus is: at most one value is chosen, and it stays chosen.    *)
(*                                                                         *)
(* After Lamport, who tells Paxos in three steps: Consensus, Voting, Paxos.*)
(***************************************************************************)
CONSTANT Value       \* what may be proposed
VARIABLE chosen      \* the values that have been chosen

TypeOK == chosen \subseteq Value

Init == chosen = {}

Next == /\ chosen = {}
        /\ \E v \in Value : chosen' = {v}

Spec == Init /\ [][Next]_chosen

------------------------------------------------------------------------------
(* Agreement: never two. *)
AtMostOne == \A v, w \in chosen : v = w

(* Something is chosen in the end. *)
Success == <>(chosen # {})
LiveSpec == Spec /\ WF_chosen(Next)
==============================================================================
