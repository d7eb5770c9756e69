-------------------------------- MODULE Voting --------------------------------
(***************************************************************************)
(* How a value is chosen, with no word on how acceptors know what others   *)
(* have done: they vote in numbered ballots, and a value is chosen when a  *)
(* quorum voted for it in one ballot.                                      *)
(*                                                                         *)
(* The idea is in `SafeAt`: a vote for v in ballot b is cast only if no    *)
(* other value has been, or can ever be, chosen in any ballot before b.    *)
(***************************************************************************)
EXTENDS Integers

CONSTANTS Value, Acceptor, Quorum1, Quorum2, Ballot

\* Of each phase; only those of different phases must meet (Howard, Malkhi & Spiegelman, Flexible Paxos, 2016).
ASSUME QuorumsIntersect == /\ \A Q \in Quorum1 \cup Quorum2 : Q \subseteq Acceptor
                           /\ \A Q \in Quorum1, R \in Quorum2 : Q \cap R # {}

VARIABLES
    votes,     \* of each acceptor, pairs <<ballot, value>>
    maxBal     \* it will not vote in any ballot before this one; at first -1

vars == <<votes, maxBal>>

TypeOK == /\ votes \in [Acceptor -> SUBSET (Ballot \X Value)]
          /\ maxBal \in [Acceptor -> Ballot \cup {-1}]

Init == /\ votes = [a \in Acceptor |-> {}]
        /\ maxBal = [a \in Acceptor |-> -1]

------------------------------------------------------------------------------
VotedFor(a, b, v) == <<b, v>> \in votes[a]

DidNotVoteAt(a, b) == \A v \in Value : ~VotedFor(a, b, v)

ChosenAt(b, v) == \E Q \in Quorum2 : \A a \in Q : VotedFor(a, b, v)

chosen == {v \in Value : \E b \in Ballot : ChosenAt(b, v)}

\* It has not voted in ballot b, and never will.
CannotVoteAt(a, b) == maxBal[a] > b /\ DidNotVoteAt(a, b)

\* Nothing but v has been or will be chosen in ballot b: in each quorum, somebody voted for v or does not vote.
NoneOtherChoosableAt(b, v) ==
    \A Q \in Quorum2 : \E a \in Q : VotedFor(a, b, v) \/ CannotVoteAt(a, b)

SafeAt(b, v) == \A c \in {c \in Ballot : c < b} : NoneOtherChoosableAt(c, v)

\* A quorum has come to ballot b. The latest vote in it before b, in ballot c, decides what is safe: v if
\* it was for v, and anything if there is none.
ShowsSafeAt(Q, b, v) ==
    /\ \A a \in Q : maxBal[a] >= b
    /\ \E c \in {c \in Ballot \cup {-1} : c < b} :
        /\ (c # -1) => \E a \in Q : VotedFor(a, c, v)
        /\ \A d \in {d \in Ballot : c < d /\ d < b}, a \in Q : DidNotVoteAt(a, d)

------------------------------------------------------------------------------
IncreaseMaxBal(a, b) == /\ b > maxBal[a]
                        /\ maxBal' = [maxBal EXCEPT ![a] = b]
                        /\ votes' = votes

VoteFor(a, b, v) == /\ maxBal[a] <= b
                    /\ DidNotVoteAt(a, b)
                    /\ \A c \in Acceptor \ {a} : \A w \in Value : VotedFor(c, b, w) => w = v
                    /\ \E Q \in Quorum1 : ShowsSafeAt(Q, b, v)
                    /\ votes' = [votes EXCEPT ![a] = @ \cup {<<b, v>>}]
                    /\ maxBal' = [maxBal EXCEPT ![a] = b]

Next == \E a \in Acceptor, b \in Ballot :
            IncreaseMaxBal(a, b) \/ \E v \in Value : VoteFor(a, b, v)

Spec == Init /\ [][Next]_vars

------------------------------------------------------------------------------
(* No two acceptors vote differently in one ballot. *)
OneValuePerBallot ==
    \A a, c \in Acceptor, b \in Ballot, v, w \in Value :
        VotedFor(a, b, v) /\ VotedFor(c, b, w) => v = w

(* Every vote was for a safe value. *)
VotesSafe == \A a \in Acceptor, b \in Ballot, v \in Value : VotedFor(a, b, v) => SafeAt(b, v)

(* Together they make voting an implementation of consensus. *)
C == INSTANCE Consensus
Refines == C!Init /\ [][C!Next]_chosen
==============================================================================
