--------------------------- MODULE ThreePhaseTrace ---------------------------
(***************************************************************************)
(* Is a recorded run of the code a behaviour of ThreePhase? As in          *)
(* ../raft/RaftTrace.tla; and as in PresumedAbortTrace, calls are told one *)
(* after the other, each from its `Call` on, and `post` is what an action  *)
(* wrote to its node's disk.                                               *)
(*                                                                         *)
(* Here the coordinator C is none of the participants. In the code it is   *)
(* one of the nodes, `home`, which may take part as well: it is two, which *)
(* crash together, and says how things stand with the one that knows more. *)
(* What somebody says of that is told before it is heard: `stands` has it. *)
(***************************************************************************)
EXTENDS ThreePhase, Sequences

CONSTANT Trace
VARIABLES
    l,         \* the next record
    asked,     \* who takes part in the call
    home,      \* who coordinates it
    stands     \* how things stood when somebody was asked

call == <<asked, home>>

Ev == Trace[l]
AskedHere == asked

\* The parts that a node has.
Parts(n) == {n} \cup (IF n = home THEN {C} ELSE {})

Fresh == [r \in RM |-> "working"]

TraceInit == /\ l = 1 /\ asked = {} /\ home = "nobody" /\ stands = {}
             /\ rmState = Fresh /\ cState = "begun"
             /\ up = Node /\ failed = {}
             /\ got = [n \in Node |-> {}]
             /\ turn = [r \in RM |-> "wait"]
             /\ msgs = {}

Does(action) == /\ l <= Len(Trace)
                /\ Ev.action = action
                /\ l' = l + 1

\* As Init. Who is down when it begins has failed.
Call == /\ asked' = Ev.participants
        /\ home' = Ev.node
        /\ stands' = {}
        /\ rmState' = Fresh /\ cState' = "begun"
        /\ up' = Node \ Ev.down /\ failed' = Ev.down
        /\ got' = [n \in Node |-> {}]
        /\ turn' = [r \in RM |-> "wait"]
        /\ msgs' = To("Prepare", Ev.participants)

\* What it told others, or may have told them, and they have not heard.
NotHeard(m) == /\ m.type \in {"PreCommit", "Commit", "Abort"}
               /\ rmState[m.to] \notin (Decided \cup (IF m.type = "PreCommit" THEN {"precommitted"} ELSE {}))
Unheard(n) == IF n = home \/ rmState[n] \notin {"working", "prepared"} THEN {m \in msgs : NotHeard(m)} ELSE {}

\* A node may crash more than once; the spec's nodes do not. And there a node that crashes over a broadcast does so at
\* once; here its crash is told when it came, and what had not left it by then is lost.
CrashHere(n) ==
    /\ n \in up
    /\ up' = up \ Parts(n)
    /\ failed' = failed \cup Parts(n)
    /\ got' = [p \in Node |-> IF p \in Parts(n) THEN {} ELSE got[p]]
    /\ turn' = [turn EXCEPT ![n] = "wait"]
    /\ \E lost \in SUBSET Unheard(n) : msgs' = msgs \ lost
    /\ UNCHANGED <<rmState, cState>>

RestartHere(n) ==
    /\ n \notin up
    /\ up' = up \cup Parts(n)
    /\ UNCHANGED <<rmState, cState, failed, got, turn, msgs>>

\* One that was down before it voted has failed in nothing, if it is asked in time.
PrepareLate(r) ==
    /\ r \in up /\ r \in failed
    /\ [type |-> "Prepare", to |-> r] \in msgs
    /\ rmState[r] = "working"
    /\ rmState' = [rmState EXCEPT ![r] = "prepared"]
    /\ failed' = failed \ {r}
    /\ msgs' = msgs \cup {From("VoteYes", r)}
    /\ UNCHANGED <<cState, up, got, turn>>

\* The one that knows more.
Knows(n) == LET states == {Is(p) : p \in Parts(n)}
            IN CASE "aborted" \in states -> "aborted"
                 [] "committed" \in states -> "committed"
                 [] "precommitted" \in states -> "precommitted"
                 [] OTHER -> "prepared"

TellHere(n) == /\ TellState(n) \/ (n = home /\ TellState(C))
               /\ Ev.state = Knows(n)
               /\ stands' = stands \cup {[of |-> n, state |-> Ev.state]}

\* As HandleState. One that was down does not count, unless it knows the decision.
HearHere(r, n) ==
    /\ [of |-> n, state |-> Ev.state] \in stands
    /\ IF Works(r) /\ turn[r] = "ask" /\ (~Ev.wasDown \/ Ev.state \in Decided)
       THEN /\ got' = [got EXCEPT ![r] = got[r] \cup {[of |-> p, state |-> Ev.state] : p \in Parts(n)}]
            /\ UNCHANGED <<rmState, cState, up, failed, turn, msgs>>
       ELSE UNCHANGED vars

Has(type) == \E m \in msgs : m.type = type

\* As CLearn: who decided without it has told it.
CLearnHere ==
    /\ C \in up /\ C \in failed
    /\ cState \notin Decided
    /\ Has(IF Ev.commits THEN "Commit" ELSE "Abort") \/ (\E r \in RM : rmState[r] = (IF Ev.commits THEN "committed" ELSE "aborted"))
    /\ cState' = (IF Ev.commits THEN "committed" ELSE "aborted")
    /\ msgs' = msgs \cup To(IF Ev.commits THEN "Commit" ELSE "Abort", RM)
    /\ UNCHANGED <<rmState, up, failed, got, turn>>

\* As TotalFailure. The coordinator may be the one to ask all others and conclude, also where it takes no part.
CTotalFailureHere ==
    /\ \A n \in Asked \cup {C} : n \in up /\ n \in failed
    /\ \A n \in Node : Is(n) \notin Decided
    /\ \A s \in Asked : rmState[s] # "working"
    /\ Ev.commits = (\E n \in Node : Is(n) = "precommitted")
    /\ cState' = (IF Ev.commits THEN "committed" ELSE "aborted")
    /\ msgs' = msgs \cup To(IF Ev.commits THEN "Commit" ELSE "Abort", RM)
    /\ UNCHANGED <<rmState, up, failed, got, turn>>

\* What was written is what the spec says.
Post(s) ==
    ("post" \in DOMAIN Ev) =>
        /\ ("rm" \in DOMAIN Ev.post) => rmState'[s] = Ev.post.rm
        /\ ("c" \in DOMAIN Ev.post) => cState' = Ev.post.c

Coordinates(s) ==
    /\ s = home
    /\ \/ Does("Begin") /\ Begin
       \/ Does("HandleVote") /\ Ev.yes /\ HandleVote(Ev.from)
       \* A no is not counted: the decision follows.
       \/ Does("HandleVote") /\ ~Ev.yes /\ From("VoteNo", Ev.from) \in msgs /\ UNCHANGED vars
       \/ Does("StartPreCommit") /\ Works(C) /\ StartPreCommit
       \/ Does("HandlePreAck") /\ HandlePreAck(Ev.from)
       \/ Does("Decide") /\ Ev.commits /\ Commit
       \/ Does("Decide") /\ ~Ev.commits /\ Abort
       \/ Does("Decide") /\ CLearnHere
       \/ Does("Decide") /\ CTotalFailureHere
       \/ Does("SendAgain") /\ SendAgain
       \/ Does("HandleAck") /\ HandleAck(Ev.from)
       \/ Does("Forget") /\ Forget

TakesPart(s) ==
    /\ s \in asked
    /\ \/ Does("Prepare") /\ (Prepare(s) \/ PrepareLate(s))
       \/ Does("Refuse") /\ Refuse(s)
       \/ Does("PreCommit") /\ PreCommit(s)
       \/ Does("Learn") /\ Learn(s) /\ rmState'[s] = (IF Ev.commits THEN "committed" ELSE "aborted")
       \/ Does("TakeOver") /\ TakeOver(s)
       \/ Does("StartPreCommit") /\ SpreadPreCommit(s)

Act(s) ==
    \/ Does("Call") /\ Call
    \/ (Coordinates(s) \/ TakesPart(s)) /\ Post(s) /\ UNCHANGED <<call, stands>>
    \/ Does("Crash") /\ CrashHere(s) /\ UNCHANGED <<call, stands>>
    \/ Does("Restart") /\ RestartHere(s) /\ UNCHANGED <<call, stands>>
    \/ Does("Ask") /\ (Ask(s) \/ (s = home /\ Ask(C))) /\ UNCHANGED <<call, stands>>
    \/ Does("TellState") /\ TellHere(s) /\ UNCHANGED call
    \/ Does("HandleState") /\ HearHere(s, Ev.from) /\ UNCHANGED <<call, stands>>

TraceNext == l <= Len(Trace) /\ Act(Ev.node)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, call, stands, l>>

TraceNotAccepted == l <= Len(Trace)
==============================================================================
