-------------------------------- MODULE MCVoting --------------------------------
(* Voting for the model checkers. *)
EXTENDS Voting

MCQuorum == {Q \in SUBSET Acceptor : \E a \in Acceptor : Q = Acceptor \ {a}}
Ballots2 == 0..1
Ballots3 == 0..2

WitChosen == chosen = {}

\* Anything is safe.
BugShowsSafeAt(Q, b, v) == TRUE
==============================================================================
