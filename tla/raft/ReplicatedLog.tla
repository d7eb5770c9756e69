------------------------------ MODULE ReplicatedLog ------------------------------
(***************************************************************************)
(* What a replicated log is, with no word on how: one sequence that only   *)
(* grows, of which every server has applied a beginning. A server that     *)
(* restarts applies it anew.                                               *)
(***************************************************************************)
EXTENDS Integers, Sequences

CONSTANT Server
VARIABLES chosen,     \* the sequence
          applied     \* of each server, what it has applied

Begins(p, q) == Len(p) <= Len(q) /\ p = SubSeq(q, 1, Len(p))

Init == chosen = <<>> /\ applied = [s \in Server |-> <<>>]

\* Entries are chosen, and a server applies some.
Next == /\ Begins(chosen, chosen')
        /\ \A s \in Server : /\ Begins(applied'[s], chosen')
                             /\ Begins(applied[s], applied'[s]) \/ applied'[s] = <<>>
==============================================================================
