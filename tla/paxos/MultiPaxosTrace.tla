----------------------------- MODULE MultiPaxosTrace -----------------------------
(***************************************************************************)
(* Is a recorded run of the code a behaviour of MultiPaxos? As in          *)
(* ../raft/RaftTrace.tla: `Trace` is data, one record per action, and the  *)
(* run is accepted if TraceNotAccepted is VIOLATED.                        *)
(*                                                                         *)
(* A ballot of the code is a pair, round and proposer; here it is one      *)
(* number, in the same order. The image of a snapshot is not compared: its *)
(* slot says it all.                                                       *)
(***************************************************************************)
EXTENDS MultiPaxos

CONSTANT Trace
VARIABLE l         \* the next record

Ev == Trace[l]

TraceInit == Init /\ l = 1

Is(action) == /\ l <= Len(Trace)
              /\ Ev.action = action
              /\ l' = l + 1

\* The one look into msgs, so messages that no later record handles may be forgotten.
Received == Ev.m \in msgs
OnlyReceived == TRUE

\* What was seen afterwards is what the spec says.
Post(s) ==
    ("post" \in DOMAIN Ev) =>
        /\ role'[s] = Ev.post.role
        /\ promised'[s] = Ev.post.promised
        /\ Greatest(DOMAIN votes'[s], cut'[s]) = Ev.post.lastVoted
        /\ chosen'[s] = Ev.post.chosen
        /\ snapshot'[s] = Ev.post.snapshot

Waits(s, id) == \E r \in leadership[s].reads : r.id = id

Act(s) ==
    \/ Is("Restart") /\ Restart(s)
    \/ Is("StepDown") /\ StepDown(s)
    \/ Is("Prepare") /\ Prepare(s, Ev.ballot)
    \/ Is("Promise") /\ Received /\ Promise(s, Ev.m)
    \/ Is("HandlePromise") /\ Received /\ HandlePromise(s, Ev.m)
    \/ Is("BecomeLeader") /\ BecomeLeader(s) /\ leadership'[s].recovered = Ev.recovered
    \/ Is("Propose") /\ leadership[s].next = Ev.first /\ Propose(s, Ev.values)
    \/ Is("Heartbeat") /\ Heartbeat(s)
    \/ Is("SendAccept") /\ SendAccept(s, Ev.first, Ev.count)
    \/ Is("Accept") /\ Received /\ Accept(s, Ev.m)
    \/ Is("HandleAccepted") /\ Received /\ HandleAccepted(s, Ev.m)
    \/ Is("Choose") /\ Choose(s, Ev.through)
    \/ Is("Learn") /\ Received /\ Reach(s, Ev.m) = Ev.through /\ Learn(s, Ev.m)
    \/ Is("TakeSnapshot") /\ Ev.through = chosen[s] /\ TakeSnapshot(s, Ev.cut)
    \/ Is("SendInstall") /\ SendInstall(s)
    \/ Is("InstallSnapshot") /\ Received /\ Ev.m.snapshot = Ev.through /\ InstallSnapshot(s, Ev.m)
    \/ Is("AskRead") /\ ~Waits(s, Ev.id) /\ AskRead(s, Ev.id)
    \/ Is("AskRead") /\ Waits(s, Ev.id) /\ UNCHANGED vars
    \/ Is("StartRound") /\ StartRound(s)
    \/ Is("AnswerReads") /\ Cardinality(ReadsReady(s)) = Ev.reads /\ AnswerReads(s)
    \* Nothing was said to happen; it is only looked whether nothing did.
    \/ Is("Look") /\ UNCHANGED vars
    \* For the diagnosis of a trace that was rejected: could this message be received?
    \/ Is("Receive") /\ Received /\ UNCHANGED vars

TraceNext == l <= Len(Trace) /\ Act(Ev.node) /\ Post(Ev.node)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, l>>

TraceNotAccepted == l <= Len(Trace)
==============================================================================
