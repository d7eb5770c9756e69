-------------------------------- MODULE PaxosTrace --------------------------------
(***************************************************************************)
(* Is a recorded run of the code in ../../paxos/src/single a behaviour of  *)
(* Paxos? As in ../raft/RaftTrace.tla: `Trace` is data, one record per     *)
(* action, and the run is accepted if TraceNotAccepted is VIOLATED.        *)
(*                                                                         *)
(* Proposers and learners have no state in Paxos.tla: what they know is    *)
(* read off the messages. So a crash changes nothing, and that a value is  *)
(* learned is looked at only from outside. A ballot of the code is a pair, *)
(* round and proposer; here it is one number, in the same order.           *)
(***************************************************************************)
EXTENDS Paxos, Sequences

CONSTANT Trace
VARIABLE l         \* the next record

Ev == Trace[l]

TraceInit == Init /\ l = 1

Is(action) == /\ l <= Len(Trace)
              /\ Ev.action = action
              /\ l' = l + 1

\* What a server does for itself comes with no message.
Received == ("m" \in DOMAIN Ev) => Ev.m \in msgs

\* What was seen afterwards is what the spec says; what was learned had been chosen.
Post(a) ==
    ("post" \in DOMAIN Ev) =>
        /\ maxBal'[a] = Ev.post.promised
        /\ maxVBal'[a] = Ev.post.voted
        /\ LET voters == {m.acc : m \in {m \in msgs' : m.type = "2b" /\ m.bal = Ev.post.chosen}}
           IN  (Ev.post.chosen # -1) => \E Q \in Quorum2 : Q \subseteq voters

Act(a) ==
    \/ Is("Restart") /\ UNCHANGED vars
    \/ Is("Phase1a") /\ Phase1a(Ev.bal)
    \/ Is("Phase1b") /\ Received /\ Phase1b(a) /\ maxBal'[a] = Ev.bal
    \/ Is("Phase2a") /\ Phase2a(Ev.bal, Ev.val)
    \/ Is("Phase2b") /\ Received /\ Phase2b(a) /\ maxVBal'[a] = Ev.bal
    \* Nothing was said to happen; it is only looked whether nothing did.
    \/ Is("Look") /\ UNCHANGED vars
    \* For the diagnosis of a trace that was rejected: could this message be received?
    \/ Is("Receive") /\ Received /\ UNCHANGED vars

TraceNext == l <= Len(Trace) /\ Act(Ev.node) /\ Post(Ev.node)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, l>>

TraceNotAccepted == l <= Len(Trace)
==============================================================================
