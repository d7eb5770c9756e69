-------------------------- MODULE ChainReplicationTrace --------------------------
(***************************************************************************)
(* Is a recorded run of the code a behaviour of ChainReplication?          *)
(*                                                                         *)
(* `Trace` is data: one record per action that the code says it took, in   *)
(* the order of the run, with                                              *)
(*   action, node   which, and whose                                       *)
(*   post           what was seen of the node afterwards, if it was looked *)
(* and what else the action takes. The run is accepted if the end can be   *)
(* reached, that is if the invariant TraceNotAccepted is VIOLATED.         *)
(***************************************************************************)
EXTENDS ChainReplication

CONSTANTS Trace, Count, Shortest
VARIABLE l         \* the next record

Ev == Trace[l]

\* The first so many nodes are the first chain; the last of all is the master, who is in none.
TraceFirst == SubSeq(<<"n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8">>, 1, Count)
TraceLeast == Shortest

\* Where disks may be lost, the first is heard of as well.
TraceNobodies ==
    IF \E i \in 1..Len(Trace) : Trace[i].action = "NameFirst"
    THEN {TraceFirst[i] : i \in 1..Len(TraceFirst)} ELSE {}

TraceInit == InitWith(TraceNobodies) /\ l = 1

Is(action) == /\ l <= Len(Trace)
              /\ Ev.action = action
              /\ l' = l + 1

\* What was seen afterwards is what the spec says.
Post(s) ==
    ("post" \in DOMAIN Ev) =>
        /\ epoch'[s] = Ev.post.epoch
        /\ Len(hist'[s]) = Ev.post.last
        /\ acked'[s] = Ev.post.acked
        /\ handed'[s] = Ev.post.handed

\* All but these are dead to the master.
Dead == {s \in Server : s \notin Ev.alive}

Waits(id) == \E r \in reads : r.id = id

Act(s) ==
    \/ Is("Restart") /\ Restart(s)
    \/ Is("ClientRequest") /\ ClientRequest(s, Ev.call)
    \/ Is("SendUpdate") /\ SendUpdate(s, Ev.upTo)
    \/ Is("HandleUpdate") /\ HandleUpdate(s, Ev.index)
    \/ Is("Commit") /\ Commit(s, Ev.index)
    \/ Is("SendAck") /\ SendAck(s)
    \/ Is("LearnHas") /\ Ev.index > has[s] /\ LearnHas(s, Ev.index)
    \/ Is("LearnHas") /\ Ev.index <= has[s] /\ UNCHANGED vars
    \/ Is("HandleAck") /\ HandleAck(s, Ev.index)
    \/ Is("Exclude") /\ Exclude(Dead)
    \/ Is("Admit") /\ Admit(Ev.server)
    \/ Is("Promote") /\ Promote
    \/ Is("NameFirst") /\ NameFirst(Ev.server)
    \/ Is("Name") /\ Name(Ev.server)
    \/ Is("Wipe") /\ Wipe(s)
    \/ Is("Configure") /\ Configure(s, Ev.epoch)
    \/ Is("SendState") /\ SendState(s)
    \/ Is("HandleState") /\ HandleState(s, Ev.index, Ev.clean)
    \/ Is("HandOver") /\ HandOver(s)
    \/ Is("SendJoined") /\ SendJoined(s)
    \/ Is("AskRead") /\ ~Waits(Ev.id) /\ AskRead(s, Ev.id)
    \/ Is("AskRead") /\ Waits(Ev.id) /\ UNCHANGED vars
    \/ Is("AskMaster") /\ AskMaster(s)
    \/ Is("Confirm") /\ Confirm(Ev.server)
    \/ Is("AnswerReads") /\ AnswerReads(s)
    \* Nothing was said to happen; it is only looked whether nothing did.
    \/ Is("Look") /\ UNCHANGED vars

TraceNext == l <= Len(Trace) /\ Act(Ev.node) /\ Post(Ev.node)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, l>>

TraceNotAccepted == l <= Len(Trace)
==============================================================================
