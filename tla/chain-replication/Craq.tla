---------------------------------- MODULE Craq ----------------------------------
(***************************************************************************)
(* CRAQ (Terrace & Freedman, USENIX ATC 2009): chain replication whose     *)
(* reads are answered by every server. Updates, failures, joins and the    *)
(* master are those of ChainReplication; here are the reads.               *)
(*                                                                         *)
(* An object is clean at a server if the server knows every update of it   *)
(* that it has to be answered, and dirty if not. What is clean is answered *)
(* at once; for what is dirty the tail is asked how far it is (§2.3). A    *)
(* version is a place in the history of all.                               *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Server,
    Call,          \* the calls that update, records with the key of their object
    First, Least,  \* as in ChainReplication
    Key,           \* the objects that are read
    Eventual       \* are reads answered at once, with whatever there is? (§2.3, eventual consistency)

VARIABLES
    \* Those of ChainReplication.
    configs, base, named, epoch, hist, acked, copied, handed, has, reads, updates, acks, states, joined,
    answered, stale,
    versions,      \* the tail's answers under way, the latest by epoch and receiver
    seen           \* a ghost: the latest version of each object that was returned

Chain == INSTANCE ChainReplication

craq == <<versions, seen>>
chain == <<configs, base, named, epoch, hist, acked, copied, handed, has, updates, acks, states, joined>>
vars == <<chain, reads, answered, stale, craq>>

InitWith(nobodies) == Chain!InitWith(nobodies) /\ versions = {} /\ seen = {}

Init == InitWith({})

Max(a, b) == IF a > b THEN a ELSE b

\* The last update of an object among the first n of a history; 0 if there is none.
LastOf(q, n, key) ==
    LET those == {i \in 1..n : q[i].key = key}
    IN  IF those = {} THEN 0 ELSE CHOOSE i \in those : \A j \in those : j <= i

Seen(key) ==
    LET those == {w.version : w \in {v \in seen : v.key = key}}
    IN  IF those = {} THEN 0 ELSE CHOOSE i \in those : \A j \in those : j <= i

\* A read that is asked now may return nothing older than what was answered, or returned to anybody.
Floor(key) == Max(LastOf(answered, Len(answered), key), Seen(key))

(***************************************************************************)
(* Reads at every server                                                   *)
(***************************************************************************)
AnswersReads(s) == Chain!IsMember(s) /\ Chain!Mine(s).serves

AskRead(s, id, key) ==
    /\ ~Eventual
    /\ AnswersReads(s)
    /\ \A r \in reads : r.id # id
    /\ reads' = reads \cup {[id |-> id, server |-> s, key |-> key, stage |-> "waits",
                             floor |-> Floor(key), told |-> 0]}
    /\ UNCHANGED <<chain, answered, stale, craq>>

Of(s, stage) == {r \in reads : r.server = s /\ r.stage = stage}

AskMaster(s) ==
    /\ AnswersReads(s)
    /\ Of(s, "waits") # {} /\ Of(s, "asked") = {}
    /\ reads' = {IF r.server = s /\ r.stage = "waits" THEN [r EXCEPT !.stage = "asked"] ELSE r : r \in reads}
    /\ UNCHANGED <<chain, answered, stale, craq>>

Confirm(s) == Chain!Confirm(s) /\ UNCHANGED craq

IsTail(s) == Chain!IsMember(s) /\ Chain!IsTail(s)

\* A tail's own state is what it answered, once it has said what it has for all.
IsClean(s, key) ==
    IF IsTail(s) THEN Chain!Settled(s)
                 ELSE \A i \in (acked[s] + 1)..Len(hist[s]) : hist[s][i].key # key

\* Those of a server whose objects are dirty wait for one answer of the tail.
AskTail(s, ids) ==
    LET those == {r \in Of(s, "confirmed") : r.id \in ids}
    IN  /\ those # {}
        /\ Of(s, "querying") = {} /\ Of(s, "told") = {}
        /\ reads' = {IF r \in those THEN [r EXCEPT !.stage = "querying"] ELSE r : r \in reads}
        /\ UNCHANGED <<chain, answered, stale, craq>>

\* A new tail says first what it has for all: the old one may have answered some of it.
MayTell(t) == IsTail(t) /\ Chain!Mine(t).serves /\ Chain!Settled(t)

\* The tail says how far it is.
TellVersion(t, s) ==
    /\ MayTell(t)
    /\ s \in Chain!Range(Chain!Mine(t).chain)
    /\ versions' = Chain!Send(versions, [epoch |-> epoch[t], at |-> s, version |-> acked[t]])
    /\ reads' = {IF r.server = s /\ r.stage = "querying" /\ epoch[s] = epoch[t]
                 THEN [r EXCEPT !.stage = "told", !.told = acked[t]] ELSE r : r \in reads}
    /\ UNCHANGED <<chain, answered, stale, seen>>

\* By the successor's word, or by the tail's, which took the short way.
HandleAck(s, n) ==
    \/ Chain!HandleAck(s, n) /\ UNCHANGED craq
    \/ /\ Chain!IsMember(s) /\ ~IsTail(s)
       /\ n > acked[s] /\ n <= Len(hist[s])
       /\ \E m \in versions : m.epoch = epoch[s] /\ m.at = s /\ n <= m.version
       /\ acked' = [acked EXCEPT ![s] = n]
       /\ UNCHANGED <<configs, base, named, epoch, hist, copied, handed, has, reads, updates, acks, states, joined,
                      answered, stale, craq>>

IsReady(s, r) ==
    \/ r.stage = "confirmed" /\ IsClean(s, r.key)
    \/ r.stage = "told" /\ acked[s] >= r.told

\* How much of its history a server answers reads from.
Version(s) == acked[s]

\* Seen by those who read: what they must not lose again.
Return(those) ==
    seen' = {v \in seen : \A w \in those : w.key # v.key}
            \cup {[key |-> w.key, version |-> Max(w.version, Seen(w.key))] : w \in those}

AnswerReads(s, ids) ==
    LET those == {r \in reads : r.server = s /\ r.id \in ids}
        Returned(r) == LastOf(hist[s], Version(s), r.key)
    IN  /\ those # {}
        /\ \A r \in those : IsReady(s, r)
        /\ stale' = (stale \/ \E r \in those : Returned(r) < r.floor)
        /\ reads' = reads \ those
        /\ Return({[key |-> r.key, version |-> Returned(r)] : r \in those})
        /\ UNCHANGED <<chain, answered, versions>>

\* The eventual mode: the newest that the server has, dirty or not, whoever it is.
AnswerAnyhow(s, key) ==
    LET version == LastOf(hist[s], Len(hist[s]), key)
    IN  /\ Eventual
        /\ stale' = (stale \/ version < Floor(key))
        /\ Return({[key |-> key, version |-> version]})
        /\ UNCHANGED <<chain, reads, answered, versions>>

ReadNext ==
    \E s \in Server :
        \/ \E key \in Key : AskRead(s, key, key) \/ AnswerAnyhow(s, key)
        \/ AskMaster(s) \/ Confirm(s)
        \/ \E r \in reads : AskTail(s, {r.id}) \/ AnswerReads(s, {r.id})
        \/ \E t \in Server : TellVersion(t, s)
        \/ \E n \in 1..Len(hist[s]) : HandleAck(s, n)

\* All but the reads, and acknowledgements.
ChainNext ==
    /\ \/ \E s \in Server :
            \/ \E call \in Call : Chain!ClientRequest(s, call)
            \/ \E n \in 0..Len(hist[s]) : Chain!SendUpdate(s, n)
            \/ \E m \in updates : Chain!HandleUpdate(s, Len(m.hist))
            \/ \E n \in 1..Len(hist[s]) : Chain!Commit(s, n) \/ Chain!LearnHas(s, n)
            \/ Chain!SendAck(s) \/ Chain!SendState(s) \/ Chain!HandOver(s) \/ Chain!SendJoined(s)
            \/ Chain!Restart(s)
            \/ \E m \in states : Chain!HandleState(s, Len(m.hist), m.acked)
            \/ \E e \in 1..Len(configs) : Chain!Configure(s, e)
            \/ Chain!Exclude({s}) \/ Chain!Admit(s) \/ Chain!Name(s)
       \/ Chain!Promote
    /\ UNCHANGED craq

Next == ChainNext \/ ReadNext

Spec == Init /\ [][Next]_vars

(***************************************************************************)
(* What holds                                                              *)
(***************************************************************************)
TypeOK == Chain!TypeOK /\ \A r \in reads : r.stage \in {"waits", "asked", "confirmed", "querying", "told"}
UpdatePropagation == Chain!UpdatePropagation
InProcessRequests == Chain!InProcessRequests
NothingIsLost == Chain!NothingIsLost

\* Reads are linearizable: no read returns what is older than what was answered, or returned, before it was asked.
ReadsAreFresh == ~stale

\* Nor what was never answered, and may be lost: the version that is returned is one that the tail has.
ReadsAreClean == \A v \in seen : v.version <= Len(answered)

Log == INSTANCE AtomicLog
Refines == Log!Init /\ [][Log!Next]_answered
==============================================================================
