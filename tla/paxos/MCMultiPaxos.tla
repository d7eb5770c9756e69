------------------------------ MODULE MCMultiPaxos ------------------------------
(***************************************************************************)
(* Multi-Paxos for the model checkers: bounds, witnesses, seeded bugs.     *)
(*                                                                         *)
(* Bounds are budgets, spent in `MCNext`, so no state is cut off, and a    *)
(* model that holds was explored to its end.                               *)
(***************************************************************************)
EXTENDS MultiPaxos, TLC

CONSTANTS
    s1, s2, s3,      \* the servers, to be named in what follows
    Turns,           \* who may begin which ballot: a sequence of sets of servers
    MaxSlot, MaxRestarts, MaxStepDowns, MaxHeartbeats, MaxSnapshots, MaxReads

VARIABLE spent       \* how often something happened that could happen for ever

mcvars == <<vars, spent>>

Nothing == [restart |-> 0, stepDown |-> 0, heartbeat |-> 0, snapshot |-> 0, read |-> 0]

Spend(what, most) == /\ spent[what] < most
                     /\ spent' = [spent EXCEPT ![what] = @ + 1]

Free == UNCHANGED spent

MCInit == Init /\ spent = Nothing

(* What is sent beside proposals: once all is chosen, a word of it. A cfg   *)
(* may say more.                                                           *)
IsDone(s) == chosen[s] = leadership[s].next - 1

Ranges(s) == {r \in {<<0, 0>>} : chosen[s] > 0 /\ IsDone(s)}

\* The chosen slots once more, for those who lack them.
CatchUp(s) == {r \in {<<1, chosen[s]>>} : chosen[s] > 0 /\ IsDone(s) /\ cut[s] = 0}

\* All broadcasts are answered, and reads still wait.
NeedsRound(s) == leadership[s].round = Confirmed(s)

\* Two who want different things are enough.
Wants(s) == IF s = s1 THEN {"c1"} ELSE {"c2"}

MCNext ==
    \E s \in Server :
        \/ Spend("restart", MaxRestarts) /\ Restart(s)
        \/ Spend("stepDown", MaxStepDowns) /\ StepDown(s)
        \/ role[s] # "leader" /\ \E b \in {b \in 1..Len(Turns) : s \in Turns[b]} : Prepare(s, b) /\ Free
        \/ role[s] = "follower" /\ \E m \in Sent("Prepare") : Promise(s, m) /\ Free
        \/ role[s] = "candidate" /\ \E m \in Sent("Promise") : HandlePromise(s, m) /\ Free
        \/ BecomeLeader(s) /\ Free
        \/ role[s] = "follower" /\ \E m \in {m \in Sent("Accept") : m.values # <<>>} : Accept(s, m) /\ Free
        \/ role[s] = "follower" /\ \E m \in {m \in Sent("Accept") : m.chosen > 0} : Learn(s, m) /\ Free
        \/ Spend("snapshot", MaxSnapshots) /\ chosen[s] > snapshot[s] /\ TakeSnapshot(s, chosen[s])
        \/ snapshot[s] > 0 /\ SendInstall(s) /\ Free
        \/ \E m \in Sent("Install") \cup answers[s] : InstallSnapshot(s, m) /\ Free
        \/ /\ role[s] = "leader"
           /\ \/ /\ leadership[s].next <= MaxSlot
                 /\ \E value \in Wants(s) \cup {v.value : v \in leadership[s].latest} \cup {NoOp} :
                        Propose(s, <<value>>) /\ Free
              \/ \E r \in Ranges(s) : SendAccept(s, r[1], r[2]) /\ Free
              \/ Spend("heartbeat", MaxHeartbeats) /\ Heartbeat(s)
              \/ \E m \in Sent("Accepted") : HandleAccepted(s, m) /\ Free
              \/ \E i \in (chosen[s] + 1)..(leadership[s].next - 1) : Choose(s, i) /\ Free
              \/ Spend("read", MaxReads) /\ AskRead(s, "read")
              \/ leadership[s].reads # {} /\ NeedsRound(s) /\ StartRound(s) /\ Free
              \/ leadership[s].reads # {} /\ AnswerReads(s) /\ Free

MCSpec == MCInit /\ [][MCNext]_mcvars

(* Liveness: whoever begins the one ballot leads, what it proposes is      *)
(* chosen, and all learn of it.                                            *)
LiveSpec == MCSpec /\ WF_mcvars(MCNext)
AllLearn == <>(\A s \in Server : chosen[s] = MaxSlot)

OneBallot  == <<{s1}>>
NoMore     == <<{}>>
OneThenTwo == <<{s1, s2, s3}, {s2}>>
TwoBallots == <<{s1}, {s2}>>
ThenTwo    == <<{}, {s2}>>
ThenMore   == <<{}, {s2}, {s3}>>

------------------------------------------------------------------------------
(* Witnesses: these must fail. *)

Leaders == {s \in Server : role[s] = "leader"}

WitTwoLeaders == Cardinality(Leaders) < 2
WitAllChosen  == Len(decided) < MaxSlot
WitHole       ==                      \* slot 2 is voted for where slot 1 is not
    \A s \in Server : 2 \in DOMAIN votes[s] => (1 \in DOMAIN votes[s] \/ cut[s] > 0)
WitFilled     ==                      \* a hole before a vote is filled with a no-op
    ~(Len(decided) = 2 /\ decided[1] = NoOp /\ decided[2] # NoOp)
WitBound      ==                      \* a second leader finishes what the first one began
    ~\E s \in Leaders : promised[s] > 1 /\ \E v \in leadership[s].latest : v.value # NoOp /\ chosen[s] >= v.slot
WitOverruled  ==                      \* what was voted for is not what is chosen
    ~\E s \in Server : \E i \in DOMAIN votes[s] \cap (1..Len(decided)) : votes[s][i].value # decided[i]
WitInstalled  == [][~\E s \in Server : \E m \in Sent("Install") : InstallSnapshot(s, m)]_mcvars
WitInstalledInPhase1 == [][~\E s \in Server : \E m \in answers[s] : InstallSnapshot(s, m)]_mcvars
WitRead       == [][~\E s \in Server : AnswerReads(s)]_mcvars
WitOldLeaderReads ==                  \* a leader that was overruled waits in vain
    ~\E s, t \in Leaders : promised[s] < promised[t] /\ leadership[s].reads # {} /\ chosen[t] > 0

------------------------------------------------------------------------------
(* Seeded bugs: with one of these in the place of the spec's own definition, *)
(* a property must fail.                                                     *)

\* The promise is not on disk.
BugPromiseForgotten(s) == Greatest({votes[s][i].ballot : i \in DOMAIN votes[s]}, 0)

\* It votes in whatever ballot comes.
BugAnyBallot(s, b) == TRUE

\* A new leader does not look at what phase 1 told it.
BugIgnoreVotes(s, i, value) == TRUE

\* It takes any vote that was told, not the one of the highest ballot.
BugAnyVote(s) == {v \in Told(s) : \A w \in Told(s) : w.slot = v.slot => w.ballot >= v.ballot}

\* It fills holes with calls, also where something may have been chosen.
BugNoHistory(s) == {}

\* A vote of any ballot tells what is chosen.
BugAnyVoteIsKnown(s, cast, b, n) ==
    Greatest({i \in (chosen[s] + 1)..n : \A j \in (chosen[s] + 1)..i : j \in DOMAIN cast}, chosen[s])

\* A candidate that is told a snapshot leads without it.
BugNoSnapshot(s, m) ==
    [type |-> "Promise", ballot |-> m.ballot, from |-> s, votes |-> Tell(s, m.chosen), snapshot |-> 0]

\* A leader answers reads at once.
BugNoConfirmation(s) == leadership[s].round + 1

\* A new leader answers before it has executed what may have been chosen.
BugNotRecovered(s) == TRUE

------------------------------------------------------------------------------
(* Scenes: where a model begins, if what leads there is known and long. The  *)
(* messages of the past are lost, which is nothing that may not happen.      *)

\* s1 leads ballot 1, which all promised, and has proposed nothing yet.
Led == /\ promised   = [s \in Server |-> 1]
       /\ votes      = [s \in Server |-> <<>>]
       /\ known      = [s \in Server |-> 0]
       /\ snapshot   = [s \in Server |-> 0]
       /\ cut        = [s \in Server |-> 0]
       /\ role       = (s1 :> "leader" @@ s2 :> "follower" @@ s3 :> "follower")
       /\ answers    = [s \in Server |-> {}]
       /\ leadership = [[s \in Server |-> NotLeading] EXCEPT ![s1].next = 1]
       /\ chosen     = [s \in Server |-> 0]
       /\ msgs       = {}
       /\ begun      = {1}
       /\ decided    = <<>>
       /\ fresh      = TRUE
       /\ spent      = Nothing

LedSpec == Led /\ [][MCNext]_mcvars
==============================================================================
