----------------------------- MODULE PaxosCommit -----------------------------
(***************************************************************************)
(* Paxos Commit of one transaction: one instance of Paxos per participant, *)
(* whose value is that participant's vote. It commits exactly if every     *)
(* instance chooses "prepared".                                            *)
(*                                                                         *)
(* Ballot 0 is the participants' own: each proposes its vote, and nobody   *)
(* else does. Later ballots have leaders, who ask for all instances of the *)
(* transaction at once.                                                    *)
(*                                                                         *)
(* After Gray & Lamport, Consensus on Transaction Commit (2006), §4.       *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
    RM,          \* the participants
    Acceptor,
    Ballots      \* 0 and those of leaders

\* Who takes part in the transaction. In a trace of more servers not all do.
Asked == RM

\* The ballots that there are. A trace names its own.
Known == Ballots

VARIABLES
    rmState,     \* of each participant, as in TCommit; on disk
    promised,    \* of each acceptor: nothing of an earlier ballot is taken any more; on disk
    accepted,    \* of each acceptor and instance: the latest vote that it took, with its ballot; on disk
    msgs         \* all messages that were ever sent

vars == <<rmState, promised, accepted, msgs>>

Later == Known \ {0}
Value == {"prepared", "aborted"}
NoVote == [bal |-> -1, val |-> "none"]
Quorum == {Q \in SUBSET Acceptor : 2 * Cardinality(Q) > Cardinality(Acceptor)}

Init == /\ rmState = [r \in RM |-> "working"]
        /\ promised = [a \in Acceptor |-> 0]
        /\ accepted = [a \in Acceptor |-> [r \in RM |-> NoVote]]
        /\ msgs = {}

TypeOK == /\ rmState \in [RM -> {"working", "prepared", "committed", "aborted"}]
          /\ promised \in [Acceptor -> Ballots]
          /\ \A a \in Acceptor, r \in RM : accepted[a][r].bal \in Ballots \cup {-1}

Send(m) == msgs' = msgs \cup {m}
Proposal(b, r, v) == [type |-> "2a", bal |-> b, of |-> r, val |-> v]
Taken(b, r, v, a) == [type |-> "2b", bal |-> b, of |-> r, val |-> v, acc |-> a]

------------------------------------------------------------------------------
(* A participant proposes its own vote, in ballot 0. *)

Prepare(r) == /\ rmState[r] = "working"
              /\ rmState' = [rmState EXCEPT ![r] = "prepared"]
              /\ Send(Proposal(0, r, "prepared"))
              /\ UNCHANGED <<promised, accepted>>

Refuse(r) == /\ rmState[r] = "working"
             /\ rmState' = [rmState EXCEPT ![r] = "aborted"]
             /\ Send(Proposal(0, r, "aborted"))
             /\ UNCHANGED <<promised, accepted>>

LearnCommit(r) == /\ [type |-> "Commit"] \in msgs
                  /\ rmState[r] = "prepared"
                  /\ rmState' = [rmState EXCEPT ![r] = "committed"]
                  /\ UNCHANGED <<promised, accepted, msgs>>

LearnAbort(r) == /\ [type |-> "Abort"] \in msgs
                 /\ rmState[r] \in {"working", "prepared"}
                 /\ rmState' = [rmState EXCEPT ![r] = "aborted"]
                 /\ UNCHANGED <<promised, accepted, msgs>>

Learn(r) == LearnCommit(r) \/ LearnAbort(r)

------------------------------------------------------------------------------
(* An acceptor. *)

Promise(a, b) == /\ [type |-> "1a", bal |-> b] \in msgs
                 /\ b > promised[a]
                 /\ promised' = [promised EXCEPT ![a] = b]
                 /\ Send([type |-> "1b", bal |-> b, acc |-> a, votes |-> accepted[a]])
                 /\ UNCHANGED <<rmState, accepted>>

KeepsPromise(a, b) == b >= promised[a]

Accept(a, m) == /\ m \in msgs
                /\ m.type = "2a"
                /\ KeepsPromise(a, m.bal)
                /\ promised' = [promised EXCEPT ![a] = m.bal]
                /\ accepted' = [accepted EXCEPT ![a][m.of] = [bal |-> m.bal, val |-> m.val]]
                /\ Send(Taken(m.bal, m.of, m.val, a))
                /\ UNCHANGED rmState

------------------------------------------------------------------------------
(* The leader of a later ballot: anybody. *)

StartBallot(b) == /\ b \in Later
                  /\ Send([type |-> "1a", bal |-> b])
                  /\ UNCHANGED <<rmState, promised, accepted>>

\* Of each participant the vote of the latest ballot that anybody in the quorum has, and "aborted" where nobody has any.
Latest(S, r) == LET votes == {m.votes[r] : m \in S}
                IN CHOOSE v \in votes : \A w \in votes : w.bal <= v.bal
ValueFor(S, r) == IF Latest(S, r).bal = -1 THEN "aborted" ELSE Latest(S, r).val

Propose(b) == /\ b \in Later
              /\ ~\E m \in msgs : m.type = "2a" /\ m.bal = b
              /\ \E Q \in Quorum :
                    LET S == {m \in msgs : m.type = "1b" /\ m.bal = b /\ m.acc \in Q}
                    IN /\ \A a \in Q : \E m \in S : m.acc = a
                       /\ msgs' = msgs \cup {Proposal(b, r, ValueFor(S, r)) : r \in Asked}
              /\ UNCHANGED <<rmState, promised, accepted>>

IsChosen(r, v) == \E b \in Known, Q \in Quorum : \A a \in Q : Taken(b, r, v, a) \in msgs

EveryVoteIsYes == \A r \in Asked : IsChosen(r, "prepared")

DecideCommit == /\ EveryVoteIsYes
                /\ Send([type |-> "Commit"])
                /\ UNCHANGED <<rmState, promised, accepted>>

DecideAbort == /\ \E r \in Asked : IsChosen(r, "aborted")
               /\ Send([type |-> "Abort"])
               /\ UNCHANGED <<rmState, promised, accepted>>

Decide == DecideCommit \/ DecideAbort

------------------------------------------------------------------------------
(* What happens, and changes nothing here: a transaction is there from the *)
(* beginning, messages stay for ever, and what a crash destroys is nothing *)
(* that anybody misses.                                                    *)

\* One that has never voted and is told of an abort may be past that call; then it keeps no word of it.
Ended(r) == \/ rmState[r] \in {"committed", "aborted"}
            \/ rmState[r] = "working" /\ [type |-> "Abort"] \in msgs

Begin == UNCHANGED vars
Restart == UNCHANGED vars
Ask(r) == rmState[r] = "prepared" /\ UNCHANGED vars
SendAgain == {[type |-> "Commit"], [type |-> "Abort"]} \cap msgs # {} /\ UNCHANGED vars
HandleAck(r) == Ended(r) /\ UNCHANGED vars

\* Acceptors may forget what is on every disk.
Forget(a) == a \in Acceptor /\ (\A r \in Asked : Ended(r)) /\ UNCHANGED vars

------------------------------------------------------------------------------
LeaderNext == \/ Begin \/ Decide \/ SendAgain \/ Restart
              \/ (\E b \in Later : StartBallot(b) \/ Propose(b))

ParticipantNext(r) == Prepare(r) \/ Refuse(r) \/ Learn(r) \/ Ask(r) \/ HandleAck(r)

AcceptorNext(a) == (\E b \in Later : Promise(a, b)) \/ (\E m \in msgs : Accept(a, m)) \/ Forget(a)

Next == \/ LeaderNext
        \/ (\E r \in RM : ParticipantNext(r))
        \/ (\E a \in Acceptor : AcceptorNext(a))

Spec == Init /\ [][Next]_vars

------------------------------------------------------------------------------
(* AC1, Agreement. *)
Agreement == \A r, s \in RM : ~(rmState[r] = "committed" /\ rmState[s] = "aborted")

(* Each instance chooses one vote at most, and so no two leaders decide differently. *)
OneVote == \A r \in RM : ~(IsChosen(r, "prepared") /\ IsChosen(r, "aborted"))
OneDecision == ~([type |-> "Commit"] \in msgs /\ [type |-> "Abort"] \in msgs)

(* AC2: it commits only if every participant voted yes. *)
Unanimity == [type |-> "Commit"] \in msgs => \A r \in Asked : Proposal(0, r, "prepared") \in msgs

(* AC4, Stability. *)
Stable == [][\A r \in RM : rmState[r] \in {"committed", "aborted"} => rmState'[r] = rmState[r]]_vars

TC == INSTANCE TCommit
Refines == TC!Init /\ [][TC!Next]_rmState
==============================================================================
