-------------------------- MODULE MCMultiPaxosReconfig --------------------------
(***************************************************************************)
(* Multi-Paxos whose acceptors change, for the model checkers: s1 decides  *)
(* alone until the log says that s2 does, and the window is two slots.     *)
(*                                                                         *)
(* One acceptor after one other is the hardest change there is: no quorum  *)
(* of the former ones shares a member with one of the latter.              *)
(***************************************************************************)
EXTENDS MCMultiPaxos

Only(s) == [members |-> {s}, phase1 |-> 1, phase2 |-> 1]

OnlyS1     == Only(s1)
Handover   == {"to s2"}
ToS2(value) == Only(s2)
Two        == 2
ThenBoth   == <<{}, {s1, s2}>>

\* s1 asks for s2 in the first slot, and wants something else in the others.
WantsMembers(s) == IF s = s2 THEN {"c2"} ELSE IF leadership[s].next = 1 THEN {"to s2"} ELSE {"c1"}

\* Who is a quorum alone has answered itself at once, and could begin rounds for ever.
NoneIsReady(s) == leadership[s].round = Confirmed(s) /\ ReadsReady(s) = {}

\* s1 leads ballot 1, which it promised itself.
Begin == /\ promised   = [s \in Server |-> 1]
         /\ votes      = [s \in Server |-> <<>>]
         /\ known      = [s \in Server |-> 0]
         /\ snapshot   = [s \in Server |-> 0]
         /\ cut        = [s \in Server |-> 0]
         /\ role       = [s \in Server |-> IF s = s1 THEN "leader" ELSE "follower"]
         /\ answers    = [s \in Server |-> {}]
         /\ leadership = [s \in Server |-> IF s = s1 THEN [NotLeading EXCEPT !.next = 1, !.promised = {s1}]
                                           ELSE NotLeading]
         /\ chosen     = [s \in Server |-> 0]
         /\ msgs       = {}
         /\ begun      = {1}
         /\ decided    = <<>>
         /\ fresh      = TRUE
         /\ spent      = Nothing

BeginSpec == Begin /\ [][MCNext]_mcvars

\* Quorums of different phases intersect in each of them.
ConfigsIntersect ==
    \A c \in {First} \cup {Asked(value) : value \in Wishes} : c.phase1 + c.phase2 > Cardinality(c.members)

\* Nobody decides by a configuration that the log does not say yet, or says no more: a slot has one.
OneConfigPerSlot ==
    \A s \in Server : \A i \in (chosen[s] + 1)..(chosen[s] + Alpha) : ConfigOf(chosen[s], i) = Deciders(i)

------------------------------------------------------------------------------
(* Witnesses: these must fail. *)

\* s2 decides a slot.
WitHandedOver == ~\E i \in 1..Len(decided) : Deciders(i) = Only(s2)
\* The slot between the wish and its effect is decided by s1, for what s1 wanted.
WitPipelined  == ~(Len(decided) >= 2 /\ decided[1] \in Wishes /\ decided[2] = "c1")
\* Nobody wants it, and it gets a no-op.
WitHurried    == ~(Len(decided) >= 2 /\ decided[1] \in Wishes /\ decided[2] = NoOp)
\* s2 completes what s1 began, and goes on by itself.
WitCompleted  == ~(role[s2] = "leader" /\ Len(decided) >= 3 /\ decided[2] = "c1" /\ decided[3] = "c2")
\* A read is answered on the word of s2 alone.
WitReadThere  == [][~\E s \in Server : AnswerReads(s) /\ ConfigOf(chosen[s], chosen[s] + 1) # First]_mcvars
\* s1 still leads while s2 has decided more: the read that s1 was asked waits for a word of s2 that never comes.
WitReadWaits  ==
    ~(role[s1] = "leader" /\ chosen[s1] = 1 /\ leadership[s1].reads # {} /\ Len(decided) = 2)

------------------------------------------------------------------------------
(* Seeded bugs. *)

\* It takes effect at the next slot, while the window lets leaders run ahead without knowing.
One == 1

\* A candidate asks a quorum of the latest configuration that it knows of, and of no earlier one.
BugLatestOnly(n, Q) ==
    LET said == Said(n)
        c    == IF said = {} THEN First ELSE Asked(decided[Greatest(said, 0)])
    IN  IsQuorum1(c, Q)

\* A leader asks those for a word who decided when it began, and not those who decide the next slot.
BugFormerAnswer(s) ==
    LET answered(r) == {s} \cup {t \in Server : leadership[s].confirmed[t] >= r}
    IN  Greatest({r \in 1..leadership[s].round : IsQuorum2(First, answered(r))}, 0)

\* The window is not kept.
BugNoWindow(n, i) == TRUE
==============================================================================
