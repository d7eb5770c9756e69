------------------------------ MODULE MCConsensus ------------------------------
(* Consensus for the model checkers. *)
EXTENDS Consensus

WitChosen == chosen = {}
==============================================================================
