----------------------------- MODULE MultiPaxosTrace -----------------------------
(***************************************************************************)
(* Is a recorded run of the code a behaviour of MultiPaxos? As in          *)
(* ../raft/RaftTrace.tla: `Trace` is data, one record per action, and the  *)
(* run is accepted if TraceNotAccepted is VIOLATED.                        *)
(*                                                                         *)
(* A ballot of the code is a pair, round and proposer; here it is one      *)
(* number, in the same order. Of a snapshot's image nothing is compared:   *)
(* its slot says it all, and its schedule says who decides from there on.  *)
(*                                                                         *)
(* Who decides follows from the log, here as in the code: a value is       *)
(* <<client, number>>, or <<client, number, wish>> if the call asks for    *)
(* other acceptors. Which wishes come true is worked out here, from        *)
(* nothing but what was executed; what the code says of it is compared.    *)
(***************************************************************************)
EXTENDS MultiPaxos

CONSTANTS
    Members,   \* those of Server who decide at first
    Window,
    Trace
VARIABLES
    l,         \* the next record
    schedule   \* what the executed slots come to, as far as it says who decides: see NothingSaid

Ev == Trace[l]

------------------------------------------------------------------------------
\* What MultiPaxos leaves open.

TraceNoOp  == <<>>
TraceFirst == [members |-> Members, phase1 |-> Phase1, phase2 |-> Phase2]
TraceAlpha == Window

\* The members in the order in which they were asked for: whoever names one twice is refused.
SetOf(members) == {members[i] : i \in DOMAIN members}

TraceWishes       == {"any"}
TraceAsked(value) ==
    [members |-> SetOf(value[3].members), phase1 |-> value[3].phase1, phase2 |-> value[3].phase2]

\* The slots up to n whose wishes came true. Epoch 1 was nobody's wish.
TraceSaid(n) ==
    {schedule.eras[k].from - Delay : k \in {k \in 2..Len(schedule.eras) : schedule.eras[k].from - Delay <= n}}

------------------------------------------------------------------------------
(* Execution, as far as it says who decides. *)

NothingSaid == [eras  |-> <<[epoch |-> 1, from |-> 1, members |-> Members, phase1 |-> Phase1, phase2 |-> Phase2]>>,
                calls |-> <<>>]   \* of each client, the number of its latest call that took effect

\* A call takes effect once, and not after a later one of its client.
TakesEffect(calls, value) ==
    value # NoOp /\ (value[1] \in DOMAIN calls => calls[value[1]] < value[2])

\* It is to follow the latest epoch, if it says which; quorums of different phases must intersect.
ComesTrue(wish, epoch) ==
    LET count == Cardinality(SetOf(wish.members))
    IN  /\ SetOf(wish.members) \subseteq Server
        /\ count = Len(wish.members)
        /\ wish.phase1 \in 1..count
        /\ wish.phase2 \in 1..count
        /\ wish.phase1 + wish.phase2 > count
        /\ wish.after \subseteq {epoch}

With(eras, wish, slot) ==
    Append(eras, [epoch |-> Len(eras) + 1, from |-> slot + Window, members |-> SetOf(wish.members),
                  phase1 |-> wish.phase1, phase2 |-> wish.phase2])

Execute(it, value, slot) ==
    IF ~TakesEffect(it.calls, value) THEN it
    ELSE [eras  |-> IF Len(value) = 3 /\ ComesTrue(value[3], Len(it.eras)) THEN With(it.eras, value[3], slot)
                    ELSE it.eras,
          calls |-> [c \in DOMAIN it.calls \cup {value[1]} |-> IF c = value[1] THEN value[2] ELSE it.calls[c]]]

\* The slots from this one on, too, that were not executed before.
RECURSIVE Executed(_, _)
Executed(it, slot) ==
    IF slot > Len(decided') THEN it ELSE Executed(Execute(it, decided'[slot], slot), slot + 1)

\* The epochs that n executed slots tell of: up to this one; and the one that decides the next slot.
LatestEpoch(n)  == Cardinality({k \in 1..Len(schedule'.eras) : schedule'.eras[k].from - Delay <= n})
CurrentEpoch(n) == Cardinality({k \in 1..Len(schedule'.eras) : schedule'.eras[k].from <= n + 1})

\* Whoever executes slots says which of them bring another epoch, and from where on; after a crash, of all that its
\* snapshot does not stand for.
Reconfigures(s) ==
    LET before == LatestEpoch(IF Ev.action = "Reexecute" THEN snapshot[s] ELSE chosen[s])
    IN  /\ "reconfigured" \in DOMAIN Ev
        /\ Len(Ev.reconfigured) = LatestEpoch(chosen'[s]) - before
        /\ \A k \in 1..Len(Ev.reconfigured) :
                Ev.reconfigured[k] = [epoch |-> before + k, from |-> schedule'.eras[before + k].from]

\* Whoever keeps a snapshot keeps with it who decides the slots to come, as far as it tells.
Keeps(s) ==
    /\ "schedule" \in DOMAIN Ev
    /\ Ev.schedule = SubSeq(schedule'.eras, CurrentEpoch(snapshot'[s]), LatestEpoch(snapshot'[s]))

Tells(s) == /\ Ev.action \in {"Choose", "Learn", "Reexecute"} => Reconfigures(s)
            /\ Ev.action \in {"TakeSnapshot", "InstallSnapshot"} => Keeps(s)

------------------------------------------------------------------------------
TraceInit == Init /\ l = 1 /\ schedule = NothingSaid

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
    \* What comes up executes once more what it knows to be chosen. That is a part of Restart: see Reconfigures.
    \/ Is("Reexecute") /\ UNCHANGED vars
    \* Nothing was said to happen; it is only looked whether nothing did.
    \/ Is("Look") /\ UNCHANGED vars
    \* For the diagnosis of a trace that was rejected: could this message be received?
    \/ Is("Receive") /\ Received /\ UNCHANGED vars

TraceNext == /\ l <= Len(Trace)
             /\ Act(Ev.node)
             /\ schedule' = Executed(schedule, Len(decided) + 1)
             /\ Tells(Ev.node)
             /\ Post(Ev.node)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, l, schedule>>

TraceNotAccepted == l <= Len(Trace)
==============================================================================
