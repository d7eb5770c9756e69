------------------------------- MODULE MultiPaxos -------------------------------
(***************************************************************************)
(* Multi-Paxos at the grain of the code in ../../paxos/src/multi: a log of *)
(* slots, each an instance of Paxos. Phase 1 is run once, for all slots    *)
(* after those that the candidate knows to be chosen; phase 2 once per     *)
(* slot, in runs. One action here is one event there, and has the same     *)
(* name.                                                                   *)
(*                                                                         *)
(* A crash is `Restart`, and takes everything but promises, votes and      *)
(* snapshots. Each action writes at most one record before its messages    *)
(* go, so a crash within a step of the code is one between two actions.    *)
(*                                                                         *)
(* Messages are never taken from `msgs`: they are lost, repeated, delayed  *)
(* and reordered at will. There is no time: who waits how long for whom,   *)
(* and who believes in which leader, is patience, not safety.              *)
(*                                                                         *)
(* After Lamport, Paxos Made Simple (2001) (§), van Renesse & Altinbuken,  *)
(* Paxos Made Moderately Complex (2015), and for the quorums Howard,       *)
(* Malkhi & Spiegelman, Flexible Paxos (2016). Other acceptors, through    *)
(* the log: the end of § 3, and Lamport, Malkhi & Zhou, Reconfiguring a    *)
(* State Machine (2010).                                                   *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Server,     \* each is proposer, acceptor, learner and replica
    Phase1,     \* how many of them make a quorum of phase 1,
    Phase2,     \* and of phase 2
    Ballot,     \* those that may be begun; whoever begins one owns it
    Call        \* what clients ask for

NoOp == "no-op"      \* fills a hole

VARIABLES
    \* On disk.
    promised,   \* the ballot before which the server takes part in none
    votes,      \* its latest vote for each slot: [ballot, value]; there may be holes
    known,      \* it knew the slots up to here to be chosen; rides on other records, so it may lag
    snapshot,   \* what the slots up to here came to is kept; 0: nothing is
    cut,        \* votes for slots up to here are gone
    \* In memory.
    role,       \* "follower", "candidate" or "leader", of the ballot that it promised
    answers,    \* of a candidate: the promises that came
    leadership, \* of a leader: see NotLeading
    chosen,     \* it knows the slots up to here to be chosen, and executed them
    \* Between them.
    msgs,       \* all messages that were ever sent
    \* Ghosts: history that no server knows, for the properties.
    begun,      \* the ballots that were ever begun
    decided,    \* the longest sequence of values that was ever executed
    fresh       \* no read was ever answered from the past

durable  == <<promised, votes, known, snapshot, cut>>
volatile == <<role, answers, leadership, chosen>>
ghosts   == <<begun, decided, fresh>>
vars     == <<durable, volatile, msgs, ghosts>>

------------------------------------------------------------------------------
(* Only quorums of different phases must intersect: phase 1 must hear of   *)
(* whatever an earlier phase 2 may have chosen. With sizes, that is:       *)

QuorumsIntersect == Phase1 + Phase2 > Cardinality(Server)

Max(a, b) == IF a > b THEN a ELSE b

\* The greatest of a set of numbers, or n.
Greatest(S, n) == IF S = {} THEN n ELSE CHOOSE i \in S : \A j \in S : j <= i

------------------------------------------------------------------------------
(* Other acceptors, through the log: what slot i says of them takes effect *)
(* at slot i + Alpha, the window. A cfg may say otherwise; as it stands    *)
(* here, nobody asks for any.                                              *)

First == [members |-> Server, phase1 |-> Phase1, phase2 |-> Phase2]

Wishes  == {}          \* the values that ask for others,
Asked(value) == First  \* and for whom
Alpha   == 1
Delay   == Alpha       \* (Of its own, so that a seeded bug can take another.)

\* The wishes of the slots up to n.
Said(n) == IF Wishes = {} THEN {} ELSE {j \in 1..n : decided[j] \in Wishes}

\* Who decides slot i, as the slots up to n tell.
ConfigOf(n, i) == LET said == {j \in Said(n) : j + Delay <= i}
                  IN  IF said = {} THEN First ELSE Asked(decided[Greatest(said, 0)])

\* Those who decide what one who executed n slots may propose: the slots of the window.
ConfigsAhead(n) == {ConfigOf(n, n + 1)} \cup {Asked(decided[j]) : j \in {j \in Said(n) : j + Delay > n + 1}}

IsInWindow(n, i) == Wishes = {} \/ i <= n + Alpha

IsQuorum1(c, Q) == Cardinality(Q \cap c.members) >= c.phase1
IsQuorum2(c, Q) == Cardinality(Q \cap c.members) >= c.phase2

\* A candidate may have to complete slots of several configurations, and is told of each only by its own.
IsPromised(n, Q) == \A c \in ConfigsAhead(n) : IsQuorum1(c, Q)

------------------------------------------------------------------------------
\* Slots of which it has votes, after slot n.
VotedAfter(s, n) == {i \in DOMAIN votes[s] : i > n}

\* What is left of its votes after slot n.
Keep(s, n) == [i \in VotedAfter(s, n) |-> votes[s][i]]

\* As messages tell it: a set of [slot, ballot, value].
Tell(s, n) == {[slot |-> i, ballot |-> votes[s][i].ballot, value |-> votes[s][i].value] :
                  i \in VotedAfter(s, n)}

\* The slots of a run.
Run(first, values) == first..(first + Len(values) - 1)

\* Old votes, and votes in ballot b for a run, as far as it lies after slot n.
Cast(old, b, first, values, n) ==
    LET new == {i \in Run(first, values) : i > n}
    IN  [i \in DOMAIN old \cup new |->
            IF i \in new THEN [ballot |-> b, value |-> values[i - first + 1]] ELSE old[i]]

------------------------------------------------------------------------------
(* Messages. An answer needs no addressee: a ballot belongs to one server. *)

Send(new) == msgs' = msgs \cup new

Sent(type) == {m \in msgs : m.type = type}

\* Its votes for the slots from `first` to `last`, as proposals of its ballot; none, if first is 0.
AcceptOf(s, first, values, round) ==
    [type |-> "Accept", ballot |-> promised[s], from |-> s, first |-> first, values |-> values,
     chosen |-> chosen[s], round |-> round]

------------------------------------------------------------------------------
NotLeading == [next      |-> 0,                      \* the slot of its next proposal
               promised  |-> {},                     \* who promised, if that may matter later
               recovered |-> 0,                      \* slots up to here may have a history:
               latest    |-> {},                     \* this one
               voted     |-> {},                     \* <<server, slot>>: who voted for what is not yet chosen
               round     |-> 0,                      \* its latest broadcast
               confirmed |-> [t \in Server |-> 0],   \* the latest one that t answered
               reads     |-> {}]                     \* [id, floor, round]: asked after that broadcast

Init == /\ promised   = [s \in Server |-> 0]
        /\ votes      = [s \in Server |-> <<>>]
        /\ known      = [s \in Server |-> 0]
        /\ snapshot   = [s \in Server |-> 0]
        /\ cut        = [s \in Server |-> 0]
        /\ role       = [s \in Server |-> "follower"]
        /\ answers    = [s \in Server |-> {}]
        /\ leadership = [s \in Server |-> NotLeading]
        /\ chosen     = [s \in Server |-> 0]
        /\ msgs       = {}
        /\ begun      = {}
        /\ decided    = <<>>
        /\ fresh      = TRUE

Follow(s) == /\ role' = [role EXCEPT ![s] = "follower"]
             /\ answers' = [answers EXCEPT ![s] = {}]
             /\ leadership' = [leadership EXCEPT ![s] = NotLeading]

\* What survives. (A definition of its own, so that a seeded bug can forget it.)
PromiseOnDisk(s) == promised[s]

\* A crash, and the recovery from it.
Restart(s) == /\ Follow(s)
              /\ promised' = [promised EXCEPT ![s] = PromiseOnDisk(s)]
              /\ chosen' = [chosen EXCEPT ![s] = known[s]]
              /\ UNCHANGED <<votes, known, snapshot, cut, msgs, ghosts>>

\* It is overruled, or no quorum answered it.
StepDown(s) == /\ role[s] # "follower"
               /\ Follow(s)
               /\ UNCHANGED <<durable, chosen, msgs, ghosts>>

------------------------------------------------------------------------------
(* Phase 1, once for all slots (§3). *)

\* Begins a ballot that nobody else ever begins, and promises it itself.
Prepare(s, b) ==
    /\ role[s] # "leader"
    /\ b > promised[s]
    /\ b \notin begun
    /\ promised' = [promised EXCEPT ![s] = b]
    /\ role' = [role EXCEPT ![s] = "candidate"]
    /\ answers' = [answers EXCEPT ![s] = {}]
    /\ begun' = begun \cup {b}
    /\ Send({[type |-> "Prepare", ballot |-> b, from |-> s, chosen |-> chosen[s]]})
    /\ UNCHANGED <<votes, known, snapshot, cut, leadership, chosen, decided, fresh>>

\* One promise for all slots, with the votes for those that the candidate does not know to be chosen. Where the
\* votes were cut, the snapshot tells what they no longer can.
PromiseOf(s, m) ==
    LET told == IF m.chosen < cut[s] THEN snapshot[s] ELSE 0
    IN  [type |-> "Promise", ballot |-> m.ballot, from |-> s,
         votes |-> Tell(s, Max(m.chosen, told)), snapshot |-> told]

Promise(s, m) ==
    /\ m.from # s
    /\ role[s] = "follower"
    /\ m.ballot > promised[s]
    /\ promised' = [promised EXCEPT ![s] = m.ballot]
    /\ Send({PromiseOf(s, m)})
    /\ UNCHANGED <<votes, known, snapshot, cut, volatile, ghosts>>

HandlePromise(s, m) ==
    /\ m.from # s
    /\ role[s] = "candidate"
    /\ m.ballot = promised[s]
    /\ answers' = [answers EXCEPT ![s] = @ \cup {m}]
    /\ UNCHANGED <<durable, role, leadership, chosen, msgs, ghosts>>

\* What it and those who promised voted for after what it knows to be chosen.
Told(s) == Tell(s, chosen[s])
             \cup {v \in UNION {m.votes : m \in answers[s]} : v.slot > chosen[s]}

\* Of each slot, the vote of the highest ballot: the argument is Paxos's, slot by slot.
Latest(s) == {v \in Told(s) : \A w \in Told(s) : w.slot = v.slot => w.ballot <= v.ballot}

Promisers(s) == {s} \cup {m.from : m \in answers[s]}

\* A quorum of phase 1 promised: from now on phase 2 alone will do. Slots up to the last one with a vote have a
\* history. What only a snapshot tells must have been taken over before.
BecomeLeader(s) ==
    /\ role[s] = "candidate"
    /\ IsPromised(chosen[s], Promisers(s))
    /\ \A m \in answers[s] : m.snapshot <= chosen[s]
    /\ role' = [role EXCEPT ![s] = "leader"]
    /\ answers' = [answers EXCEPT ![s] = {}]
    /\ leadership' = [leadership EXCEPT ![s] =
            [NotLeading EXCEPT !.next = chosen[s] + 1,
                               !.promised = IF Wishes = {} THEN {} ELSE Promisers(s),
                               !.recovered = Greatest({v.slot : v \in Latest(s)}, chosen[s]),
                               !.latest = Latest(s)]]
    /\ UNCHANGED <<durable, chosen, msgs, ghosts>>

------------------------------------------------------------------------------
(* Phase 2, once per slot (§3). *)

\* A slot with a history gets what phase 1 told of it, "or a special no-op command" if that is nothing.
IsBound(s, i, value) ==
    LET told == {v \in leadership[s].latest : v.slot = i}
    IN  IF told = {} THEN value = NoOp ELSE \E v \in told : v.value = value

MayPropose(s, i, value) ==
    IF i <= leadership[s].recovered THEN IsBound(s, i, value)
    ELSE value # NoOp \/ \E j \in Said(chosen[s]) : i < j + Delay   \* so that what was said takes effect soon

\* Proposes values for the next slots, and votes for them. Nobody else proposes in this ballot, and nobody
\* proposes for a slot twice: so a slot has one value in a ballot.
Propose(s, values) ==
    /\ role[s] = "leader"
    /\ values # <<>>
    /\ LET first == leadership[s].next
           round == leadership[s].round + 1
       IN  /\ \A k \in 1..Len(values) : MayPropose(s, first + k - 1, values[k])
           /\ IsInWindow(chosen[s], first + Len(values) - 1)
           /\ Wishes # {} => IsPromised(chosen[s], leadership[s].promised)
           /\ votes' = [votes EXCEPT ![s] = Cast(@, promised[s], first, values, cut[s])]
           /\ leadership' = [leadership EXCEPT ![s].next = first + Len(values), ![s].round = round]
           /\ Send({AcceptOf(s, first, values, round)})
    /\ known' = [known EXCEPT ![s] = chosen[s]]
    /\ UNCHANGED <<promised, snapshot, cut, role, answers, chosen, ghosts>>

\* A broadcast without proposals begins.
Heartbeat(s) ==
    /\ role[s] = "leader"
    /\ leadership' = [leadership EXCEPT ![s].round = @ + 1]
    /\ UNCHANGED <<durable, role, answers, chosen, msgs, ghosts>>

\* May it propose its own vote for slot i in its ballot? If it did, or if that was chosen: no other value could
\* be proposed there.
MaySendAgain(s, i) == i \in DOMAIN votes[s] /\ (i <= chosen[s] \/ votes[s][i].ballot = promised[s])

\* A sign of life, or what a follower lacks: values once more, of its own ballot or chosen ones.
SendAccept(s, first, count) ==
    /\ role[s] = "leader"
    /\ (count = 0) => (first = 0)
    /\ \A k \in 1..count : MaySendAgain(s, first + k - 1)
    /\ LET values == [k \in 1..count |-> votes[s][first + k - 1].value]
       IN  Send({AcceptOf(s, first, values, leadership[s].round)})
    /\ UNCHANGED <<durable, volatile, ghosts>>

KeepsItsPromise(s, b) == b >= promised[s]

\* How far a server with these votes knows the values, if all slots up to n are chosen. Its vote tells the value
\* only if it is of that ballot.
ReachOf(s, cast, b, n) ==
    Greatest({i \in (chosen[s] + 1)..n :
                 \A j \in (chosen[s] + 1)..i : j \in DOMAIN cast /\ cast[j].ballot = b}, chosen[s])

\* Votes for what is proposed. A vote is a promise, too: who votes in 5 and can still vote in 4 would let 4 choose
\* what 5's leader was told nobody will choose.
Accept(s, m) ==
    /\ m.from # s
    /\ role[s] = "follower"
    /\ KeepsItsPromise(s, m.ballot)
    /\ LET cast    == Cast(votes[s], m.ballot, m.first, m.values, cut[s])
           reach   == ReachOf(s, cast, m.ballot, m.chosen)
           missing == IF reach < m.chosen THEN reach + 1 ELSE 0
       IN  /\ votes' = [votes EXCEPT ![s] = cast]
           /\ known' = [known EXCEPT ![s] = IF cast = votes[s] THEN @ ELSE chosen[s]]
           /\ Send({[type |-> "Accepted", ballot |-> m.ballot, from |-> s, first |-> m.first,
                     count |-> Len(m.values), round |-> m.round, missing |-> missing]})
    /\ promised' = [promised EXCEPT ![s] = m.ballot]
    /\ UNCHANGED <<snapshot, cut, volatile, ghosts>>

HandleAccepted(s, m) ==
    /\ m.from # s
    /\ role[s] = "leader"
    /\ m.ballot = promised[s]
    /\ LET slots == {i \in m.first..(m.first + m.count - 1) : i > chosen[s]}
       IN  leadership' = [leadership EXCEPT
                ![s].voted = @ \cup {<<m.from, i>> : i \in slots},
                ![s].confirmed[m.from] = Max(@, m.round)]
    /\ UNCHANGED <<durable, role, answers, chosen, msgs, ghosts>>

------------------------------------------------------------------------------
(* What is chosen (§2.3), and its execution in order (§3). *)

\* It knows slots up to this one to be chosen, and executes them.
ExecuteUpTo(s, i) ==
    /\ chosen' = [chosen EXCEPT ![s] = i]
    /\ decided' = IF i <= Len(decided) THEN decided
                  ELSE [j \in 1..i |-> IF j <= Len(decided) THEN decided[j] ELSE votes[s][j].value]

IsChosen(s, i) == /\ i \in DOMAIN votes[s] /\ votes[s][i].ballot = promised[s]
                  /\ IsQuorum2(ConfigOf(chosen[s], i), {s} \cup {t \in Server : <<t, i>> \in leadership[s].voted})

\* The leader sees that quorums of phase 2 voted.
Choose(s, i) ==
    /\ role[s] = "leader"
    /\ i > chosen[s]
    /\ \A j \in (chosen[s] + 1)..i : IsChosen(s, j)
    /\ ExecuteUpTo(s, i)
    /\ leadership' = [leadership EXCEPT ![s].voted = {v \in @ : v[2] > i}]
    /\ UNCHANGED <<durable, role, answers, msgs, begun, fresh>>

\* A follower is told so, and knows the values.
Reach(s, m) == ReachOf(s, votes[s], m.ballot, m.chosen)

Learn(s, m) ==
    /\ m.from # s
    /\ role[s] = "follower"
    /\ m.ballot = promised[s]
    /\ Reach(s, m) > chosen[s]
    /\ ExecuteUpTo(s, Reach(s, m))
    /\ UNCHANGED <<durable, role, answers, leadership, msgs, begun, fresh>>

------------------------------------------------------------------------------
(* Snapshots. No two servers execute differently, so what a snapshot holds *)
(* is said by the last slot that it stands for.                            *)

\* Keeps what the executed slots came to, and forgets votes up to slot c.
TakeSnapshot(s, c) ==
    /\ c \in cut[s]..chosen[s]
    /\ snapshot' = [snapshot EXCEPT ![s] = chosen[s]]
    /\ cut' = [cut EXCEPT ![s] = c]
    /\ votes' = [votes EXCEPT ![s] = Keep(s, c)]
    /\ known' = [known EXCEPT ![s] = Max(@, chosen[s])]
    /\ UNCHANGED <<promised, volatile, msgs, ghosts>>

\* To a follower that lacks what was cut.
SendInstall(s) ==
    /\ role[s] = "leader"
    /\ snapshot[s] > 0
    /\ Send({[type |-> "Install", ballot |-> promised[s], from |-> s, snapshot |-> snapshot[s]]})
    /\ UNCHANGED <<durable, volatile, ghosts>>

\* Takes over a snapshot: of the leader, or of one who promised.
InstallSnapshot(s, m) ==
    /\ m.snapshot > chosen[s]
    /\ IF role[s] = "candidate" THEN m \in answers[s]
       ELSE role[s] = "follower" /\ m.type = "Install" /\ m.from # s /\ m.ballot >= promised[s]
    /\ snapshot' = [snapshot EXCEPT ![s] = m.snapshot]
    /\ cut' = [cut EXCEPT ![s] = m.snapshot]
    /\ votes' = [votes EXCEPT ![s] = Keep(s, m.snapshot)]
    /\ known' = [known EXCEPT ![s] = m.snapshot]
    /\ chosen' = [chosen EXCEPT ![s] = m.snapshot]
    /\ UNCHANGED <<promised, role, answers, leadership, msgs, ghosts>>

------------------------------------------------------------------------------
(* Reads without the log: answered once a quorum of phase 2 took part in   *)
(* the ballot after the read came. A later leader needs a quorum of phase  *)
(* 1, which shares a member with it. The floor of a read is a ghost.       *)

AskRead(s, id) ==
    /\ role[s] = "leader"
    /\ leadership' = [leadership EXCEPT ![s].reads =
            @ \cup {[id |-> id, floor |-> Len(decided), round |-> leadership[s].round]}]
    /\ UNCHANGED <<durable, role, answers, chosen, msgs, ghosts>>

\* The latest broadcast that a quorum answered.
Confirmed(s) ==
    LET answered(r) == {s} \cup {t \in Server : leadership[s].confirmed[t] >= r}
        deciders == ConfigOf(chosen[s], chosen[s] + 1)
    IN  Greatest({r \in 1..leadership[s].round : IsQuorum2(deciders, answered(r))}, 0)

\* It has executed all that earlier ballots may have chosen.
HasRecovered(s) == chosen[s] >= leadership[s].recovered

StartRound(s) ==
    /\ role[s] = "leader"
    /\ leadership[s].reads # {}
    /\ HasRecovered(s)
    /\ leadership' = [leadership EXCEPT ![s].round = @ + 1]
    /\ UNCHANGED <<durable, role, answers, chosen, msgs, ghosts>>

ReadsReady(s) == {r \in leadership[s].reads : r.round < Confirmed(s)}

AnswerReads(s) ==
    /\ role[s] = "leader"
    /\ HasRecovered(s)
    /\ ReadsReady(s) # {}
    /\ fresh' = (fresh /\ \A r \in ReadsReady(s) : chosen[s] >= r.floor)
    /\ leadership' = [leadership EXCEPT ![s].reads = @ \ ReadsReady(s)]
    /\ UNCHANGED <<durable, role, answers, chosen, msgs, begun, decided>>

------------------------------------------------------------------------------
BallotNext(s) ==
    \/ \E b \in Ballot : Prepare(s, b)
    \/ \E m \in Sent("Prepare") : Promise(s, m)
    \/ \E m \in Sent("Promise") : HandlePromise(s, m)
    \/ BecomeLeader(s)
    \/ StepDown(s)

SlotNext(s) ==
    \/ \E n \in 1..2 : \E values \in [1..n -> Call \cup {NoOp}] : Propose(s, values)
    \/ \E first \in DOMAIN votes[s], count \in 1..Cardinality(DOMAIN votes[s]) : SendAccept(s, first, count)
    \/ SendAccept(s, 0, 0)
    \/ Heartbeat(s)
    \/ \E m \in Sent("Accept") : Accept(s, m) \/ Learn(s, m)
    \/ \E m \in Sent("Accepted") : HandleAccepted(s, m)
    \/ \E i \in DOMAIN votes[s] : Choose(s, i)

SnapshotNext(s) ==
    \/ \E c \in cut[s]..chosen[s] : TakeSnapshot(s, c)
    \/ SendInstall(s)
    \/ \E m \in Sent("Install") \cup Sent("Promise") : InstallSnapshot(s, m)

ReadNext(s) == AskRead(s, "read") \/ StartRound(s) \/ AnswerReads(s)

Next == \E s \in Server : Restart(s) \/ BallotNext(s) \/ SlotNext(s) \/ SnapshotNext(s) \/ ReadNext(s)

Spec == Init /\ [][Next]_vars

------------------------------------------------------------------------------
TypeOK == /\ promised \in [Server -> Nat]
          /\ role \in [Server -> {"follower", "candidate", "leader"}]
          /\ \A s \in Server :
                /\ cut[s] <= snapshot[s] /\ snapshot[s] <= known[s] /\ known[s] <= chosen[s]
                /\ \A i \in DOMAIN votes[s] : i > cut[s] /\ votes[s][i].ballot <= promised[s]
                /\ role[s] # "leader" => leadership[s] = NotLeading
                /\ role[s] # "candidate" => answers[s] = {}

\* Who voted in ballot b for slot i: who said so, and the leader, who votes for what it proposes.
Covers(m, i, count) == i >= m.first /\ i < m.first + count
Voters(b, i) == {m.from : m \in {m \in Sent("Accepted") : m.ballot = b /\ Covers(m, i, m.count)}}
                  \cup {m.from : m \in {m \in Sent("Accept") : m.ballot = b /\ Covers(m, i, Len(m.values))}}

\* Who decides slot i. Whoever proposes for it has executed enough to know.
Deciders(i) == ConfigOf(Len(decided), i)

\* The values that quorums of phase 2 voted for in slot i, whether anybody knows it or not.
ChosenIn(i) ==
    {m.values[i - m.first + 1] :
        m \in {m \in Sent("Accept") :
                    Covers(m, i, Len(m.values)) /\ IsQuorum2(Deciders(i), Voters(m.ballot, i))}}

Slots == UNION {Run(m.first, m.values) : m \in Sent("Accept")}

\* 1. "Only a single value is chosen", in each slot (§2.1).
Agreement == \A i \in Slots : Cardinality(ChosenIn(i)) <= 1

\* 2. What is executed is chosen, and known as such by all who executed it.
ExecutedIsChosen ==
    /\ \A i \in 1..Len(decided) : decided[i] \in ChosenIn(i)
    /\ \A s \in Server : \A i \in (cut[s] + 1)..chosen[s] :
            i \in DOMAIN votes[s] /\ votes[s][i].value = decided[i]

\* 3. A slot has one value in a ballot.
OneValuePerBallot ==
    \A m, n \in Sent("Accept") : m.ballot = n.ballot =>
        \A i \in Run(m.first, m.values) \cap Run(n.first, n.values) :
            m.values[i - m.first + 1] = n.values[i - n.first + 1]

\* 4. Who promised a ballot told of all its votes in earlier ones, and casts no more of them.
PromisesAreKept ==
    \A m \in Sent("Promise"), n \in Sent("Accepted") :
        (m.from = n.from /\ n.ballot < m.ballot) =>
            \A i \in n.first..(n.first + n.count - 1) :
                \/ i <= m.snapshot
                \/ \E p \in Sent("Prepare") : p.ballot = m.ballot /\ i <= p.chosen
                \/ \E v \in m.votes : v.slot = i /\ v.ballot >= n.ballot

\* 5. No read is answered from the past.
ReadsAreFresh == fresh

PromisesAreForEver ==
    [][\A s \in Server : promised'[s] >= promised[s] /\ known'[s] >= known[s]]_vars

\* Executed is executed.
GrowsOnly == [][Len(decided') >= Len(decided) /\ decided = SubSeq(decided', 1, Len(decided))]_vars

\* Each slot is an instance of consensus.
in1 == ChosenIn(1)
in2 == ChosenIn(2)
C1 == INSTANCE Consensus WITH chosen <- in1, Value <- Call \cup {NoOp}
C2 == INSTANCE Consensus WITH chosen <- in2, Value <- Call \cup {NoOp}
Refines == /\ C1!Init /\ [][C1!Next]_in1
           /\ C2!Init /\ [][C2!Next]_in2
==============================================================================
