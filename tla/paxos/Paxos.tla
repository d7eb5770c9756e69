--------------------------------- MODULE Paxos ---------------------------------
(***************************************************************************)
(* Single-decree Paxos: how acceptors come to know, by messages, that a    *)
(* value is safe to vote for.                                              *)
(*                                                                         *)
(* Proposers have no state: a ballot belongs to somebody, and what that    *)
(* somebody does is `Phase1a` and `Phase2a`. Messages are never taken from *)
(* `msgs`, so they may be repeated, reordered, delayed, or never received. *)
(* A crash is a pause, since all that an acceptor has is on its disk.      *)
(*                                                                         *)
(* After Lamport, Paxos Made Simple (2001), and his specs of it.           *)
(***************************************************************************)
EXTENDS Integers

CONSTANTS Value, Acceptor, Quorum1, Quorum2, Ballot

\* Of each phase; only those of different phases must meet (Howard, Malkhi & Spiegelman, Flexible Paxos, 2016).
ASSUME QuorumsIntersect == /\ \A Q \in Quorum1 \cup Quorum2 : Q \subseteq Acceptor
                           /\ \A Q \in Quorum1, R \in Quorum2 : Q \cap R # {}

None == "none"       \* no value

VARIABLES
    maxBal,    \* of each acceptor: it takes part in no ballot before this one
    maxVBal,   \* the ballot of its latest vote, or -1
    maxVal,    \* what that vote was for
    msgs       \* all messages that were ever sent

vars == <<maxBal, maxVBal, maxVal, msgs>>

Message ==
         [type : {"1a"}, bal : Ballot]
    \cup [type : {"1b"}, acc : Acceptor, bal : Ballot, mbal : Ballot \cup {-1}, mval : Value \cup {None}]
    \cup [type : {"2a"}, bal : Ballot, val : Value]
    \cup [type : {"2b"}, acc : Acceptor, bal : Ballot, val : Value]

TypeOK == /\ maxBal \in [Acceptor -> Ballot \cup {-1}]
          /\ maxVBal \in [Acceptor -> Ballot \cup {-1}]
          /\ maxVal \in [Acceptor -> Value \cup {None}]
          /\ msgs \subseteq Message

Init == /\ maxBal = [a \in Acceptor |-> -1]
        /\ maxVBal = [a \in Acceptor |-> -1]
        /\ maxVal = [a \in Acceptor |-> None]
        /\ msgs = {}

Send(m) == msgs' = msgs \cup {m}

------------------------------------------------------------------------------
(* Phase 1: "has anybody voted before ballot b, and for what? From now on, *)
(* take part in nothing earlier."                                          *)

Phase1a(b) == /\ Send([type |-> "1a", bal |-> b])
              /\ UNCHANGED <<maxBal, maxVBal, maxVal>>

Phase1b(a) ==
    \E m \in msgs :
        /\ m.type = "1a"
        /\ m.bal > maxBal[a]
        /\ maxBal' = [maxBal EXCEPT ![a] = m.bal]
        /\ Send([type |-> "1b", acc |-> a, bal |-> m.bal, mbal |-> maxVBal[a], mval |-> maxVal[a]])
        /\ UNCHANGED <<maxVBal, maxVal>>

------------------------------------------------------------------------------
(* Phase 2: "vote for v". A quorum answered in phase 1; v is what the      *)
(* latest vote among the answers was for, or anything if there is none.    *)

Promises(Q, b) == {m \in msgs : m.type = "1b" /\ m.acc \in Q /\ m.bal = b}

MayPropose(answers, v) ==
    LET voted == {m \in answers : m.mbal >= 0}
    IN  \/ voted = {}
        \/ \E m \in voted : m.mval = v /\ \A other \in voted : m.mbal >= other.mbal

Phase2a(b, v) ==
    /\ ~\E m \in msgs : m.type = "2a" /\ m.bal = b
    /\ \E Q \in Quorum1 :
        /\ \A a \in Q : \E m \in Promises(Q, b) : m.acc = a
        /\ MayPropose(Promises(Q, b), v)
    /\ Send([type |-> "2a", bal |-> b, val |-> v])
    /\ UNCHANGED <<maxBal, maxVBal, maxVal>>

KeepsItsPromise(a, b) == b >= maxBal[a]

Phase2b(a) ==
    \E m \in msgs :
        /\ m.type = "2a"
        /\ KeepsItsPromise(a, m.bal)
        /\ maxBal' = [maxBal EXCEPT ![a] = m.bal]
        /\ maxVBal' = [maxVBal EXCEPT ![a] = m.bal]
        /\ maxVal' = [maxVal EXCEPT ![a] = m.val]
        /\ Send([type |-> "2b", acc |-> a, bal |-> m.bal, val |-> m.val])

------------------------------------------------------------------------------
Next == \/ \E b \in Ballot : Phase1a(b) \/ \E v \in Value : Phase2a(b, v)
        \/ \E a \in Acceptor : Phase1b(a) \/ Phase2b(a)

Spec == Init /\ [][Next]_vars

------------------------------------------------------------------------------
\* What every acceptor has ever voted for.
votes == [a \in Acceptor |->
            {<<m.bal, m.val>> : m \in {m \in msgs : m.type = "2b" /\ m.acc = a}}]

V == INSTANCE Voting

(* Agreement. *)
AtMostOneChosen == \A v, w \in V!chosen : v = w

(* Votes are for what was proposed in their ballot, and only one thing is. *)
VotesAreProposed ==
    \A m \in msgs : m.type = "2b" => [type |-> "2a", bal |-> m.bal, val |-> m.val] \in msgs
OneProposalPerBallot ==
    \A m, n \in msgs : m.type = "2a" /\ n.type = "2a" /\ m.bal = n.bal => m.val = n.val

(* An acceptor that promised ballot b reported its latest vote before b. *)
PromisesAreKept ==
    \A m \in msgs : m.type = "1b" =>
        /\ m.bal <= maxBal[m.acc]
        /\ \A v \in votes[m.acc] : v[1] < m.bal => v[1] <= m.mbal

VotesSafe == V!VotesSafe

(* Paxos is an implementation of Voting, and Voting one of Consensus. *)
Refines == V!Init /\ [][V!Next]_<<votes, maxBal>>
chosen == V!chosen
C == INSTANCE Consensus
RefinesConsensus == C!Init /\ [][C!Next]_chosen
==============================================================================
