---------------------------------- MODULE CraqTrace ----------------------------------
(***************************************************************************)
(* Is a recorded run of the code a behaviour of Craq? As in                *)
(* ChainReplicationTrace.tla: `Trace` is data, one record per action, and  *)
(* the run is accepted if TraceNotAccepted is VIOLATED. Calls are records  *)
(* here, with the key of their object.                                     *)
(***************************************************************************)
EXTENDS Craq

CONSTANTS Trace, Count, Shortest, Anyhow
VARIABLE l         \* the next record

Ev == Trace[l]

TraceFirst == SubSeq(<<"n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8">>, 1, Count)
TraceLeast == Shortest
TraceEventual == Anyhow

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

Dead == {s \in Server : s \notin Ev.alive}

Waits(id) == \E r \in reads : r.id = id

\* The code had sent it elsewhere when the chain changed, and its client asks here once more.
TakeAnew(s) ==
    /\ reads' = {r \in reads : r.id # Ev.id}
                \cup {[id |-> Ev.id, server |-> s, key |-> Ev.key, stage |-> "waits",
                       floor |-> Floor(Ev.key), told |-> 0]}
    /\ UNCHANGED <<chain, answered, stale, craq>>

\* The record says how many reads go to the tail, and not which.
Batches(s) == {ids \in SUBSET {r.id : r \in Of(s, "confirmed")} : Cardinality(ids) = Ev.reads}

ActChain(s) ==
    /\ \/ Is("Restart") /\ Chain!Restart(s)
       \/ Is("ClientRequest") /\ Chain!ClientRequest(s, Ev.call)
       \/ Is("SendUpdate") /\ Chain!SendUpdate(s, Ev.upTo)
       \/ Is("HandleUpdate") /\ Chain!HandleUpdate(s, Ev.index)
       \/ Is("Commit") /\ Chain!Commit(s, Ev.index)
       \/ Is("SendAck") /\ Chain!SendAck(s)
       \/ Is("LearnHas") /\ Ev.index > has[s] /\ Chain!LearnHas(s, Ev.index)
       \/ Is("Exclude") /\ Chain!Exclude(Dead)
       \/ Is("Admit") /\ Chain!Admit(Ev.server)
       \/ Is("Promote") /\ Chain!Promote
       \/ Is("NameFirst") /\ Chain!NameFirst(Ev.server)
       \/ Is("Name") /\ Chain!Name(Ev.server)
       \/ Is("Wipe") /\ Chain!Wipe(s)
       \/ Is("Configure") /\ Chain!Configure(s, Ev.epoch)
       \/ Is("SendState") /\ Chain!SendState(s)
       \/ Is("HandleState") /\ Chain!HandleState(s, Ev.index, Ev.clean)
       \/ Is("HandOver") /\ Chain!HandOver(s)
       \/ Is("SendJoined") /\ Chain!SendJoined(s)
    /\ UNCHANGED craq

Act(s) ==
    \/ ActChain(s)
    \/ Is("LearnHas") /\ Ev.index <= has[s] /\ UNCHANGED vars
    \/ Is("HandleAck") /\ HandleAck(s, Ev.index)
    \/ Is("AskRead") /\ ~Waits(Ev.id) /\ AskRead(s, Ev.id, Ev.key)
    \/ Is("AskRead") /\ Waits(Ev.id) /\ TakeAnew(s)
    \/ Is("AskMaster") /\ AskMaster(s)
    \/ Is("Confirm") /\ Confirm(Ev.server)
    \/ Is("AskTail") /\ \E ids \in Batches(s) : AskTail(s, ids)
    \/ Is("TellVersion") /\ acked[s] = Ev.index /\ TellVersion(s, Ev.server)
    \/ Is("AnswerReads") /\ AnswerReads(s, Ev.ids)
    \/ Is("AnswerAnyhow") /\ AnswerAnyhow(s, Ev.key)
    \* Nothing was said to happen; it is only looked whether nothing did.
    \/ Is("Look") /\ UNCHANGED vars

TraceNext == l <= Len(Trace) /\ Act(Ev.node) /\ Post(Ev.node)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, l>>

\* What the eventual mode returns is not promised to be fresh.
FreshUnlessEventual == Eventual \/ ReadsAreFresh

TraceNotAccepted == l <= Len(Trace)
==============================================================================
