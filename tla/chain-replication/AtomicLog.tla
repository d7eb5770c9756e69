-------------------------------- MODULE AtomicLog --------------------------------
(***************************************************************************)
(* What clients of a chain see, with no word on how: one sequence of       *)
(* updates that were answered, which only grows, and in which no call      *)
(* stands twice. A state machine that goes through it is the object, and   *)
(* each read sees it as it is at one moment.                               *)
(***************************************************************************)
EXTENDS Integers, Sequences

VARIABLE answered

Begins(p, q) == Len(p) <= Len(q) /\ p = SubSeq(q, 1, Len(p))

Once(q) == \A i, j \in 1..Len(q) : q[i] = q[j] => i = j

Init == answered = <<>>

Next == Begins(answered, answered') /\ Once(answered')
==============================================================================
