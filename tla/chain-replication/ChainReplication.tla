---------------------------- MODULE ChainReplication ----------------------------
(***************************************************************************)
(* Chain replication (van Renesse & Schneider, OSDI 2004) with a master    *)
(* that may be wrong about who lives, epochs, joins that go on beside the  *)
(* writes, and reads that ask the master.                                  *)
(*                                                                         *)
(* Each action is one of the code, of the same name; what the code sends   *)
(* afterwards are actions of their own (SendUpdate, SendAck), so a crash   *)
(* between a record and its messages is a message that was never sent.     *)
(*                                                                         *)
(* The network keeps for ever what was sent. On a link of one epoch, what  *)
(* is sent only grows: the updates, how far the successor is, how far the  *)
(* tail is. So the longest is kept, and any beginning of it may arrive;    *)
(* loss, repetition and overtaking are in that. A server that crashes      *)
(* keeps its disk; one that loses it (Wipe) is nobody, whatever was said   *)
(* to it before, until the master knows of that and has it join anew.      *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Server,
    Call,          \* the calls of clients that update; each takes effect once
    First,         \* the first chain, a sequence of servers
    Least          \* a shorter chain does not answer

VARIABLES
    \* The master's.
    configs,       \* configs[e] is the configuration of epoch e
    base,          \* the last chain that could answer, a sequence of servers
    named,         \* the epoch from which the disk of a server may live; 0: none was heard of; Lost: that one is lost
    \* On the disks of the servers.
    epoch,         \* the epoch that a server lives in; 0: it has an empty disk, and is nobody
    hist,          \* Hist, the updates that it has
    acked,         \* so many of them it knows the tail to have
    copied,        \* the epoch in which it was last given a state
    handed,        \* as a tail: the one that joins has the last word
    \* In their memory.
    has,           \* how far the successor is known to be, in this epoch
    reads,         \* those that wait
    \* Under way: the longest that was sent, by epoch and receiver or sender.
    updates, acks, states, joined,
    \* Ghosts.
    answered,      \* the updates that may be answered: what a tail took
    stale          \* was a read answered without something that had been answered when it was asked?

master == <<configs, base, named>>
disks  == <<epoch, hist, acked, copied, handed>>
memory == <<has, reads>>
wires  == <<updates, acks, states, joined>>
ghosts == <<answered, stale>>
vars   == <<master, disks, memory, wires, ghosts>>

(***************************************************************************)
(* Configurations                                                          *)
(***************************************************************************)
None == "none"

Config(chain, joining) == [chain |-> chain, joining |-> joining, serves |-> Len(chain) >= Least]

Range(q) == {q[i] : i \in 1..Len(q)}

Latest == Len(configs)

Nobodys == [chain |-> <<>>, joining |-> None, serves |-> FALSE]

Mine(s) == IF epoch[s] = 0 THEN Nobodys ELSE configs[epoch[s]]

IsHead(s) == Mine(s).chain[1] = s
IsTail(s) == Mine(s).chain[Len(Mine(s).chain)] = s
IsMember(s) == s \in Range(Mine(s).chain)
IsJoining(s) == Mine(s).joining = s

Place(c, s) == CHOOSE i \in 1..Len(c.chain) : c.chain[i] = s

\* To whom updates go: the next in the chain, or after the tail whoever joins.
Successor(s) ==
    IF ~IsMember(s) THEN None
    ELSE IF IsTail(s) THEN Mine(s).joining
    ELSE Mine(s).chain[Place(Mine(s), s) + 1]

Predecessor(s) ==
    IF IsJoining(s) THEN Mine(s).chain[Len(Mine(s).chain)]
    ELSE IF IsMember(s) /\ ~IsHead(s) THEN Mine(s).chain[Place(Mine(s), s) - 1]
    ELSE None

Begins(p, q) == Len(p) <= Len(q) /\ p = SubSeq(q, 1, Len(p))

(***************************************************************************)
(* What was sent                                                           *)
(***************************************************************************)
\* In place of what was sent there before, for it is the beginning of this.
Send(wire, m) == {w \in wire : ~(w.epoch = m.epoch /\ w.at = m.at)} \cup {m}

On(wire, e, s) == {w \in wire : w.epoch = e /\ w.at = s}

Max(a, b) == IF a > b THEN a ELSE b

\* The disks of some may have to be heard of first.
InitWith(nobodies) ==
    /\ configs = <<Config(First, None)>>
    /\ base = First
    /\ named = [s \in Server |-> IF s \in nobodies THEN 0 ELSE 1]
    /\ epoch = [s \in Server |-> IF s \in nobodies THEN 0 ELSE 1]
    /\ hist = [s \in Server |-> <<>>]
    /\ acked = [s \in Server |-> 0]
    /\ copied = [s \in Server |-> 0]
    /\ handed = [s \in Server |-> FALSE]
    /\ has = [s \in Server |-> 0]
    /\ reads = {}
    /\ updates = {} /\ acks = {} /\ states = {} /\ joined = {}
    /\ answered = <<>>
    /\ stale = FALSE

Init == InitWith({})

(***************************************************************************)
(* Updates along the chain (§2, §3.1)                                      *)
(***************************************************************************)
\* The sessions of the clients: a head knows the calls that it has (not in the paper; C03).
KnowsCall(s, call) == call \in Range(hist[s])

\* The head gives a client's call its place.
ClientRequest(s, call) ==
    /\ IsMember(s) /\ IsHead(s) /\ Mine(s).serves
    /\ ~KnowsCall(s, call)
    /\ hist' = [hist EXCEPT ![s] = Append(@, call)]
    /\ UNCHANGED <<master, epoch, acked, copied, handed, memory, wires, ghosts>>

\* All updates up to this one have been sent to the successor.
SendUpdate(s, upTo) ==
    /\ Successor(s) # None
    /\ upTo \in 0..Len(hist[s])
    /\ LET m == [epoch |-> epoch[s], at |-> Successor(s), hist |-> SubSeq(hist[s], 1, upTo)]
           before == On(updates, m.epoch, m.at)
       IN  IF \E w \in before : Len(w.hist) >= upTo THEN UNCHANGED updates
                                                    ELSE updates' = Send(updates, m)
    /\ UNCHANGED <<master, disks, memory, acks, states, joined, ghosts>>

\* Who joins has nothing that updates could follow before it was given the state.
HasState(s) == IsMember(s) \/ (IsJoining(s) /\ copied[s] = epoch[s])

\* Only the same epoch is listened to (C05).
Heard(s, m) == m.epoch = epoch[s] /\ m.at = s

\* Updates come in order.
HandleUpdate(s, upTo) ==
    /\ HasState(s)
    /\ upTo > Len(hist[s])
    /\ \E m \in updates :
        /\ Heard(s, m)
        /\ upTo <= Len(m.hist)
        /\ hist' = [hist EXCEPT ![s] = @ \o SubSeq(m.hist, Len(@) + 1, upTo)]
    /\ UNCHANGED <<master, epoch, acked, copied, handed, memory, wires, ghosts>>

\* What a tail may say it has for all: what it has; after it handed over, what the one that joins has, too.
CommitPoint(s) == IF handed[s] THEN has[s] ELSE Len(hist[s])

\* A new tail says what it has for all before it answers reads, or hands over: the old one may have answered some
\* of it.
Settled(s) == acked[s] >= CommitPoint(s)

\* The tail answers the updates up to n.
Commit(s, n) ==
    /\ IsMember(s) /\ IsTail(s) /\ Mine(s).serves
    /\ n > acked[s] /\ n <= CommitPoint(s) /\ n <= Len(hist[s])
    /\ acked' = [acked EXCEPT ![s] = n]
    /\ answered' = IF n > Len(answered) THEN SubSeq(hist[s], 1, n) ELSE answered
    /\ UNCHANGED <<master, epoch, hist, copied, handed, memory, wires, stale>>

\* What a server says the tail has.
AckPoint(s) == acked[s]

SendAck(s) ==
    /\ Predecessor(s) # None /\ HasState(s)
    /\ acks' = Send(acks, [epoch |-> epoch[s], at |-> s, to |-> Predecessor(s),
                           acked |-> AckPoint(s), has |-> Len(hist[s])])
    /\ UNCHANGED <<master, disks, memory, updates, states, joined, ghosts>>

\* The successor is so far. (It may have said so before it got further.)
LearnHas(s, n) ==
    /\ n > has[s]
    /\ \E m \in acks : m.epoch = epoch[s] /\ m.to = s /\ m.at = Successor(s) /\ n <= m.has
    /\ has' = [has EXCEPT ![s] = n]
    /\ UNCHANGED <<master, disks, reads, wires, ghosts>>

\* The tail has so much: by the successor's word.
HandleAck(s, n) ==
    /\ IsMember(s) /\ ~IsTail(s)
    /\ n > acked[s] /\ n <= Len(hist[s])
    /\ \E m \in acks : m.epoch = epoch[s] /\ m.to = s /\ n <= m.acked
    /\ acked' = [acked EXCEPT ![s] = n]
    /\ UNCHANGED <<master, epoch, hist, copied, handed, memory, wires, ghosts>>

(***************************************************************************)
(* The master (§3). It suspects whom it likes.                             *)
(***************************************************************************)
Without(q, dead) == SelectSeq(q, LAMBDA s : s \notin dead)

Decide(c) ==
    /\ configs' = Append(configs, c)
    /\ base' = IF c.serves THEN c.chain ELSE base
    /\ UNCHANGED named

\* While nothing is answered, one server of the last chain that did may take the place of all.
Survivors(dead) ==
    LET left == Without(configs[Latest].chain, dead)
        back == Without(base, dead)
    IN  IF left = <<>> /\ ~configs[Latest].serves /\ back # <<>> THEN <<back[1]>> ELSE left

Exclude(dead) ==
    LET c == configs[Latest]
        chain == Survivors(dead)
        joining == IF c.joining \in dead \cup Range(chain) THEN None ELSE c.joining
    IN  /\ chain # <<>>
        /\ <<chain, joining>> # <<c.chain, c.joining>>
        /\ Decide(Config(chain, joining))
        /\ UNCHANGED <<disks, memory, wires, ghosts>>

Admit(s) ==
    /\ configs[Latest].joining = None
    /\ s \notin Range(configs[Latest].chain)
    /\ Decide(Config(configs[Latest].chain, s))
    /\ UNCHANGED <<disks, memory, wires, ghosts>>

\* What makes the master believe that whoever joins has everything: word of a tail that had handed over.
MayPromote == Latest \in joined

Promote ==
    /\ configs[Latest].joining # None
    /\ MayPromote
    /\ Decide(Config(Append(configs[Latest].chain, configs[Latest].joining), None))
    /\ UNCHANGED <<disks, memory, wires, ghosts>>

Lost == -1

\* The master hears of a disk of s for the first time. If it knew another one, that is lost, and s has no part in anything
\* that was built on it. (A word of a disk that is lost already may be late: that costs s its place, and no more.)
NameFirst(s) ==
    /\ named[s] = 0
    /\ named' = [named EXCEPT ![s] = Latest]
    /\ UNCHANGED <<configs, base, disks, memory, wires, ghosts>>

HasPart(s) == s \in Range(configs[Latest].chain) \/ s = configs[Latest].joining

Name(s) ==
    LET c == configs[Latest]
        chain == Survivors({s})
        joining == IF c.joining \in {s} \cup Range(chain) THEN None ELSE c.joining
        next == Config(chain, joining)
    IN  /\ named[s] # 0
        /\ HasPart(s) => chain # <<>>
        /\ configs' = IF HasPart(s) THEN Append(configs, next) ELSE configs
        /\ base' = IF HasPart(s) /\ next.serves THEN chain ELSE Without(base, {s})
        /\ named' = IF epoch[s] = 0 THEN [named EXCEPT ![s] = Len(configs')] ELSE named
        /\ UNCHANGED <<disks, memory, wires, ghosts>>

(***************************************************************************)
(* The chain changes (§3.2–3.5)                                            *)
(***************************************************************************)
\* Reads that wait must be confirmed anew.
AskedAnew(s) == {IF r.server = s THEN [r EXCEPT !.stage = "waits"] ELSE r : r \in reads}

Configure(s, e) ==
    /\ e > epoch[s] /\ e <= Latest
    /\ epoch[s] = 0 => named[s] > 0 /\ e >= named[s]
    /\ epoch' = [epoch EXCEPT ![s] = e]
    /\ handed' = [handed EXCEPT ![s] = FALSE]
    /\ has' = [has EXCEPT ![s] = 0]
    /\ reads' = AskedAnew(s)
    /\ UNCHANGED <<master, hist, acked, copied, wires, ghosts>>

SendState(s) ==
    /\ IsMember(s) /\ IsTail(s) /\ Mine(s).joining # None
    /\ states' = Send(states, [epoch |-> epoch[s], at |-> s, hist |-> hist[s], acked |-> acked[s]])
    /\ UNCHANGED <<master, disks, memory, updates, acks, joined, ghosts>>

\* In place of all that the server had. An earlier state may come, too.
HandleState(s, last, clean) ==
    /\ IsJoining(s)
    /\ copied[s] # epoch[s] \/ last > Len(hist[s])
    /\ \E m \in states :
        /\ m.epoch = epoch[s]
        /\ last <= Len(m.hist) /\ clean <= m.acked /\ clean <= last
        /\ hist' = [hist EXCEPT ![s] = SubSeq(m.hist, 1, last)]
    /\ acked' = [acked EXCEPT ![s] = clean]
    /\ copied' = [copied EXCEPT ![s] = epoch[s]]
    /\ UNCHANGED <<master, epoch, handed, memory, wires, ghosts>>

\* From now on the tail answers what the one that joins has as well, and nothing else.
HandOver(s) ==
    /\ IsMember(s) /\ IsTail(s) /\ Mine(s).joining # None /\ ~handed[s]
    /\ Mine(s).serves => Settled(s)
    /\ \E m \in acks : m.epoch = epoch[s] /\ m.to = s
    /\ handed' = [handed EXCEPT ![s] = TRUE]
    /\ UNCHANGED <<master, epoch, hist, acked, copied, memory, wires, ghosts>>

SendJoined(s) ==
    /\ IsMember(s) /\ IsTail(s) /\ Mine(s).joining # None
    /\ handed[s] /\ has[s] >= acked[s]
    /\ joined' = joined \cup {epoch[s]}
    /\ UNCHANGED <<master, disks, memory, updates, acks, states, ghosts>>

\* A crash, and the server is back.
Restart(s) ==
    /\ has' = [has EXCEPT ![s] = 0]
    /\ reads' = {r \in reads : r.server # s}
    /\ UNCHANGED <<master, disks, wires, ghosts>>

\* A crash after which the server has another disk, and nothing on it.
Wipe(s) ==
    /\ named' = [named EXCEPT ![s] = IF @ = 0 THEN 0 ELSE Lost]
    /\ epoch' = [epoch EXCEPT ![s] = 0]
    /\ hist' = [hist EXCEPT ![s] = <<>>]
    /\ acked' = [acked EXCEPT ![s] = 0]
    /\ copied' = [copied EXCEPT ![s] = 0]
    /\ handed' = [handed EXCEPT ![s] = FALSE]
    /\ has' = [has EXCEPT ![s] = 0]
    /\ reads' = {r \in reads : r.server # s}
    /\ UNCHANGED <<configs, base, wires, ghosts>>

(***************************************************************************)
(* Reads at the tail (§2). They ask the master whether the epoch is still  *)
(* the latest, after they came.                                            *)
(***************************************************************************)
AnswersReads(s) == IsMember(s) /\ IsTail(s) /\ Mine(s).serves

AskRead(s, id) ==
    /\ AnswersReads(s)
    /\ \A r \in reads : r.id # id
    /\ reads' = reads \cup {[id |-> id, server |-> s, stage |-> "waits", floor |-> Len(answered)]}
    /\ UNCHANGED <<master, disks, has, wires, ghosts>>

Of(s, stage) == {r \in reads : r.server = s /\ r.stage = stage}

Move(s, from, to) == {IF r.server = s /\ r.stage = from THEN [r EXCEPT !.stage = to] ELSE r : r \in reads}

AskMaster(s) ==
    /\ AnswersReads(s)
    /\ Of(s, "waits") # {} /\ Of(s, "asked") = {} /\ Of(s, "confirmed") = {}
    /\ reads' = Move(s, "waits", "asked")
    /\ UNCHANGED <<master, disks, has, wires, ghosts>>

IsLatest(s) == epoch[s] = Latest

\* The master's answer; one that no question waits for does nothing.
Confirm(s) ==
    /\ IsLatest(s)
    /\ reads' = Move(s, "asked", "confirmed")
    /\ UNCHANGED <<master, disks, has, wires, ghosts>>

AnswerReads(s) ==
    /\ Of(s, "confirmed") # {}
    /\ Settled(s)
    /\ stale' = (stale \/ \E r \in Of(s, "confirmed") : r.floor > acked[s])
    /\ reads' = reads \ Of(s, "confirmed")
    /\ UNCHANGED <<master, disks, has, wires, answered>>

(***************************************************************************)
(* What one would not check with: no bound, anything at any time.          *)
(***************************************************************************)
Next ==
    \/ \E s \in Server :
        \/ \E call \in Call : ClientRequest(s, call)
        \/ \E n \in 0..Len(hist[s]) : SendUpdate(s, n)
        \/ \E m \in updates : HandleUpdate(s, Len(m.hist))
        \/ \E n \in 1..Len(hist[s]) : Commit(s, n) \/ HandleAck(s, n) \/ LearnHas(s, n)
        \/ SendAck(s) \/ SendState(s) \/ HandOver(s) \/ SendJoined(s) \/ Restart(s)
        \/ \E m \in states : HandleState(s, Len(m.hist), m.acked)
        \/ \E e \in 1..Latest : Configure(s, e)
        \/ AskRead(s, "read") \/ AskMaster(s) \/ Confirm(s) \/ AnswerReads(s)
        \/ Exclude({s}) \/ Admit(s) \/ Name(s)
    \/ Promote

Spec == Init /\ [][Next]_vars

(***************************************************************************)
(* What holds                                                              *)
(***************************************************************************)
TypeOK ==
    /\ \A e \in 1..Latest : Range(configs[e].chain) \subseteq Server /\ configs[e].chain # <<>>
    /\ \A s \in Server : /\ epoch[s] \in 0..Latest
                         /\ named[s] \in Lost..Latest
                         /\ acked[s] \in 0..Len(hist[s])
                         /\ handed[s] \in BOOLEAN
                         /\ has[s] \in Nat

\* "For servers i and j such that i ≼ j holds: Hist_j ≼ Hist_i."
UpdatePropagation ==
    \A i, j \in Server :
        (/\ epoch[i] = epoch[j] /\ IsMember(i) /\ IsMember(j)
         /\ Place(Mine(i), i) < Place(Mine(j), j))
            => Begins(hist[j], hist[i])

\* What is taken for answered is what a tail took, and everybody in the chain has it.
InProcessRequests ==
    \A s \in Server : HasState(s) =>
        acked[s] <= Len(answered) /\ SubSeq(hist[s], 1, acked[s]) = SubSeq(answered, 1, acked[s])

\* What was answered is in the history of each server of the latest chain; of one that counts, if it is too short. Who
\* lost its disk has nothing, and says nothing.
NothingIsLost ==
    /\ \A s \in Range(configs[Latest].chain) : epoch[s] # 0 => Begins(answered, hist[s])
    /\ \A s \in Range(base) : epoch[s] # 0 => Begins(answered, hist[s])
    /\ \E s \in Range(configs[Latest].chain) \cup Range(base) : Begins(answered, hist[s])

ExactlyOnce == \A i, j \in 1..Len(answered) : answered[i] = answered[j] => i = j

ReadsAreFresh == ~stale

Log == INSTANCE AtomicLog
Refines == Log!Init /\ [][Log!Next]_answered
==============================================================================
