-------------------------- MODULE PresumedAbortTrace --------------------------
(***************************************************************************)
(* Is a recorded run of the code a behaviour of PresumedAbort? As in       *)
(* ../raft/RaftTrace.tla: `Trace` is data, one record per action, and the  *)
(* run is accepted if TraceNotAccepted is VIOLATED.                        *)
(*                                                                         *)
(* The spec is of one call, and a run is of many: they are told one after  *)
(* the other, each from its `Call` on. That loses nothing. Calls meet in   *)
(* locks only, and a participant may refuse at any time; that locks are    *)
(* kept is seen in the code, after each step. A boot is in each call that  *)
(* was under way.                                                          *)
(*                                                                         *)
(* `post` is what an action wrote to its node's disk.                      *)
(***************************************************************************)
EXTENDS PresumedAbort, Sequences

CONSTANT Trace
VARIABLES
    l,         \* the next record
    asked,     \* who takes part in the call
    home,      \* who coordinates it
    runs       \* how many runs of it there are

call == <<asked, home, runs>>

Ev == Trace[l]
RunHere == 1 .. runs
AskedHere == asked

\* Two runs of one call want the same locks; readers share theirs.
IsFreeHere(r) == Ev.readsOnly \/ \A n \in RunHere : rmState[n][r] # "prepared"

TraceInit == /\ l = 1 /\ asked = {} /\ home = "nobody" /\ runs = 0
             /\ rmState = <<>> /\ yes = <<>> /\ waiting = <<>>
             /\ life = 1 /\ committed = {} /\ told = "nothing" /\ voting = {} /\ msgs = {}

Is(action) == /\ l <= Len(Trace)
              /\ Ev.action = action
              /\ l' = l + 1

\* As Init. The first life that runs the call counts as 1.
Call == /\ asked' = Ev.participants
        /\ home' = Ev.node
        /\ runs' = Ev.runs
        /\ rmState' = [n \in 1 .. Ev.runs |-> [r \in RM |-> "working"]]
        /\ yes' = [n \in 1 .. Ev.runs |-> {}]
        /\ waiting' = [n \in 1 .. Ev.runs |-> {}]
        /\ life' = 1 /\ committed' = {} /\ told' = "nothing" /\ voting' = {} /\ msgs' = {}

Received == Ev.m \in msgs

\* What was written is what the spec says.
Post(s) ==
    ("post" \in DOMAIN Ev) =>
        /\ ("rm" \in DOMAIN Ev.post) => rmState'[Ev.run][s] = Ev.post.rm
        /\ ("told" \in DOMAIN Ev.post) => told' = Ev.post.told
        /\ ("remembered" \in DOMAIN Ev.post) => (Ev.run \in committed') = Ev.post.remembered

Coordinates(s) ==
    /\ s = home
    /\ \/ Is("Restart") /\ Restart
       \/ Is("Begin") /\ Ev.run = life /\ Begin
       \* A no is not counted: the decision follows.
       \/ Is("HandleVote") /\ Received /\ Ev.yes /\ HandleVote(Ev.run, Ev.from)
       \/ Is("HandleVote") /\ Received /\ ~Ev.yes /\ UNCHANGED vars
       \/ Is("Decide") /\ Ev.commits /\ Commit(Ev.run)
       \/ Is("Decide") /\ ~Ev.commits /\ Abort(Ev.run)
       \/ Is("HandleAck") /\ Received /\ HandleAck(Ev.run, Ev.from)
       \/ Is("Forget") /\ Forget(Ev.run)
       \/ Is("SendAgain") /\ SendAgain(Ev.run)
       \/ Is("Tell") /\ Received /\ Ev.commits /\ TellCommit(Ev.run, Ev.to)
       \/ Is("PresumeAbort") /\ Received /\ PresumeAbort(Ev.run, Ev.to)

TakesPart(s) ==
    \/ Is("Restart") /\ s # home /\ UNCHANGED vars
    \/ /\ s \in asked
       /\ \/ Is("Prepare") /\ Received /\ Prepare(Ev.run, s)
          \/ Is("Refuse") /\ Received /\ Refuse(Ev.run, s)
          \/ Is("Learn") /\ Received /\ Ev.commits /\ LearnCommit(Ev.run, s)
          \/ Is("Learn") /\ Received /\ ~Ev.commits /\ LearnAbort(Ev.run, s)
          \/ Is("Ask") /\ Ask(Ev.run, s)
          \/ /\ Is("Tell") /\ s # home /\ Received
             /\ Ev.commits = (rmState[Ev.run][s] = "committed")
             /\ TellAnother(Ev.run, Ev.to, s)

Act(s) ==
    \/ Is("Call") /\ Call
    \/ (Coordinates(s) \/ TakesPart(s)) /\ Post(s) /\ UNCHANGED call
    \* For the diagnosis of a trace that was rejected: could this message be received?
    \/ Is("Receive") /\ Received /\ UNCHANGED <<vars, call>>

TraceNext == l <= Len(Trace) /\ Act(Ev.node)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, call, l>>

TraceNotAccepted == l <= Len(Trace)
==============================================================================
