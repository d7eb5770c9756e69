--------------------------- MODULE PaxosCommitTrace ---------------------------
(***************************************************************************)
(* Is a recorded run of the code a behaviour of PaxosCommit? As in         *)
(* ../raft/RaftTrace.tla; and as in PresumedAbortTrace, calls are told one *)
(* after the other, each from its `Call` on, and `post` is what an action  *)
(* wrote to its node's disk.                                               *)
(*                                                                         *)
(* A ballot of the code is a pair, round and leader; here it is one        *)
(* number, in the same order.                                              *)
(***************************************************************************)
EXTENDS PaxosCommit, Sequences

CONSTANT Trace
VARIABLES
    l,         \* the next record
    asked,     \* who takes part in the call
    ballots    \* all that there are of it

call == <<asked, ballots>>

Ev == Trace[l]
AskedHere == asked
KnownHere == ballots

Fresh == [r \in RM |-> "working"]
NothingTaken == [a \in Acceptor |-> [r \in RM |-> NoVote]]

TraceInit == /\ l = 1 /\ asked = {} /\ ballots = {0}
             /\ rmState = Fresh
             /\ promised = [a \in Acceptor |-> 0]
             /\ accepted = NothingTaken
             /\ msgs = {}

Is(action) == /\ l <= Len(Trace)
              /\ Ev.action = action
              /\ l' = l + 1

\* As Init.
Call == /\ asked' = Ev.participants
        /\ ballots' = Ev.ballots \cup {0}
        /\ rmState' = Fresh
        /\ promised' = [a \in Acceptor |-> 0]
        /\ accepted' = NothingTaken
        /\ msgs' = {}

Received == Ev.m \in msgs

\* A step of the code takes the votes of several instances: so many Accepts at once.
AcceptAll(a, b, votes) ==
    /\ \A r \in DOMAIN votes : Proposal(b, r, votes[r]) \in msgs
    /\ KeepsPromise(a, b)
    /\ promised' = [promised EXCEPT ![a] = b]
    /\ accepted' = [accepted EXCEPT ![a] = [r \in RM |->
                        IF r \in DOMAIN votes THEN [bal |-> b, val |-> votes[r]] ELSE accepted[a][r]]]
    /\ msgs' = msgs \cup {Taken(b, r, votes[r], a) : r \in DOMAIN votes}
    /\ UNCHANGED rmState

\* The leader proposes what the code says, after the last promise that it needs.
ProposeAll(b, votes) ==
    /\ \E m \in msgs : m.type = "1b" /\ m.bal = b /\ m.acc = Ev.from
    /\ Propose(b)
    /\ DOMAIN votes = asked
    /\ \A r \in asked : Proposal(b, r, votes[r]) \in msgs'

\* The last votes before the decision had been taken.
WereTaken(votes) == \A r \in DOMAIN votes \cap asked : Taken(Ev.bal, r, votes[r], Ev.from) \in msgs

\* What was written is what the spec says.
Post(s) ==
    ("post" \in DOMAIN Ev) =>
        /\ ("rm" \in DOMAIN Ev.post) => rmState'[s] = Ev.post.rm
        /\ ("promised" \in DOMAIN Ev.post) => promised'[s] = Ev.post.promised

Leads ==
    \/ Is("Begin") /\ Begin
    \/ Is("StartBallot") /\ StartBallot(Ev.bal)
    \/ Is("Propose") /\ ProposeAll(Ev.bal, Ev.votes)
    \/ Is("Decide") /\ Ev.commits /\ WereTaken(Ev.votes) /\ DecideCommit
    \/ Is("Decide") /\ ~Ev.commits /\ WereTaken(Ev.votes) /\ DecideAbort
    \/ Is("SendAgain") /\ SendAgain
    \/ Is("HandleAck") /\ HandleAck(Ev.from)

TakesPart(s) ==
    /\ s \in asked
    /\ \/ Is("Prepare") /\ Prepare(s)
       \/ Is("Refuse") /\ Refuse(s)
       \/ Is("Learn") /\ Received /\ Ev.commits /\ LearnCommit(s)
       \/ Is("Learn") /\ Received /\ ~Ev.commits /\ LearnAbort(s)
       \/ Is("Ask") /\ Ask(s)

Accepts(s) ==
    \/ Is("Restart") /\ Restart
    \/ Is("Promise") /\ Received /\ Promise(s, Ev.bal)
    \/ Is("Accept") /\ AcceptAll(s, Ev.bal, Ev.votes)
    \/ Is("Forget") /\ Forget(s)

Act(s) ==
    \/ Is("Call") /\ Call
    \/ (Leads \/ TakesPart(s) \/ Accepts(s)) /\ Post(s) /\ UNCHANGED call
    \* For the diagnosis of a trace that was rejected: could this message be received?
    \/ Is("Receive") /\ Received /\ UNCHANGED <<vars, call>>

TraceNext == l <= Len(Trace) /\ Act(Ev.node)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, call, l>>

TraceNotAccepted == l <= Len(Trace)
==============================================================================
