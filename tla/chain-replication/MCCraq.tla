---------------------------------- MODULE MCCraq ----------------------------------
(***************************************************************************)
(* CRAQ for the model checkers: bounds, witnesses, seeded bugs. As in      *)
(* MCChainReplication, bounds are budgets, and what says nothing new is    *)
(* not sent.                                                               *)
(***************************************************************************)
EXTENDS Craq, TLC

CONSTANTS s1, s2, s3,
    MaxExclude, MaxAdmit, MaxRestarts, MaxReads

VARIABLE spent

mcvars == <<vars, spent>>

Nothing == [exclude |-> 0, admit |-> 0, restart |-> 0, read |-> 0]

Spend(what, most) == /\ spent[what] < most
                     /\ spent' = [spent EXCEPT ![what] = @ + 1]
Free == UNCHANGED spent

Three == <<s1, s2, s3>>
Two == <<s1, s2>>

x1 == [key |-> "x", call |-> 1]
x2 == [key |-> "x", call |-> 2]
y1 == [key |-> "y", call |-> 1]
OneWrite == {x1}
TwoWrites == {x1, x2}
TwoObjects == {x1, y1}

MCInit == Init /\ spent = Nothing

SaysNews(s) == \A w \in Chain!On(acks, epoch[s], s) : <<w.acked, w.has>> # <<acked[s], Len(hist[s])>>
StateIsNews(s) == \A w \in Chain!On(states, epoch[s], s) : FALSE
Forgets(s) == has[s] > 0 \/ \E r \in reads : r.server = s

MCChainNext ==
    /\ \/ \E s \in Server :
            \/ \E call \in Call : Chain!ClientRequest(s, call) /\ Free
            \/ Chain!SendUpdate(s, Len(hist[s])) /\ updates' # updates /\ Free
            \/ Chain!HandleUpdate(s, Len(hist[s]) + 1) /\ Free
            \/ Chain!Commit(s, Chain!CommitPoint(s)) /\ Free
            \/ \E m \in acks : Chain!LearnHas(s, m.has) /\ Free
            \/ SaysNews(s) /\ Chain!SendAck(s) /\ Free
            \/ StateIsNews(s) /\ Chain!SendState(s) /\ Free
            \/ Chain!HandOver(s) /\ Free
            \/ Chain!SendJoined(s) /\ joined' # joined /\ Free
            \/ \E m \in states : Chain!HandleState(s, Len(m.hist), m.acked) /\ copied[s] # epoch[s] /\ Free
            \/ \E e \in 1..Len(configs) : Chain!Configure(s, e) /\ Free
            \/ Forgets(s) /\ Spend("restart", MaxRestarts) /\ Chain!Restart(s)
            \/ Spend("exclude", MaxExclude) /\ Chain!Exclude({s})
            \/ Spend("admit", MaxAdmit) /\ Chain!Admit(s)
       \/ Chain!Promote /\ Free
    /\ UNCHANGED craq

MCReadNext ==
    \E s \in Server :
        \/ \E key \in Key :
            Spend("read", MaxReads) /\ (AskRead(s, spent.read + 1, key) \/ AnswerAnyhow(s, key))
        \/ AskMaster(s) /\ Free
        \/ Confirm(s) /\ reads' # reads /\ Free
        \/ \E r \in Of(s, "confirmed") : ~IsClean(s, r.key) /\ AskTail(s, {r.id}) /\ Free
        \/ \E r \in reads : AnswerReads(s, {r.id}) /\ Free
        \/ \E t \in Server : Of(s, "querying") # {} /\ TellVersion(t, s) /\ Free
        \/ HandleAck(s, acked[s] + 1) /\ Free

MCNext == MCChainNext \/ MCReadNext

MCSpec == MCInit /\ [][MCNext]_mcvars

(***************************************************************************)
(* Witnesses: what must be possible. Each is an invariant that must break. *)
(***************************************************************************)
\* A server that is not the tail has answered; of a clean object.
WitCleanRead == ~(\E s \in Server : ~IsTail(s) /\ \E r \in reads : IsReady(s, r) /\ r.server = s
                                    /\ r.stage = "confirmed" /\ r.floor > 0)
\* A dirty object was read, and the tail had the update that the server did not know to be answered.
WitDirtyNew == ~\E r \in reads : r.stage = "told" /\ r.told > acked[r.server]
\* … or had it not.
WitDirtyOld == ~\E r \in reads : r.stage = "told" /\ r.told = acked[r.server] /\ ~IsClean(r.server, r.key)
\* An object is read clean while another is dirty.
WitOtherDirty == ~\E r \in reads : r.stage = "confirmed" /\ IsClean(r.server, r.key) /\ ~IsTail(r.server)
                                   /\ acked[r.server] < Len(hist[r.server])
\* A read is answered by a server that nobody listens to any more.
WitOldServerReads ==
    ~\E r \in reads : /\ r.stage = "confirmed" /\ IsReady(r.server, r)
                      /\ r.server \notin Chain!Range(configs[Len(configs)].chain)

(***************************************************************************)
(* Seeded bugs                                                             *)
(***************************************************************************)
\* The tail is not asked: what is dirty is answered as what is clean.
BugNotAsked(s, r) == r.stage = "confirmed"
\* … with the newest version, which may be lost.
BugNewest(s) == Len(hist[s])
\* A server answers from what the tail said without having learned it.
BugNotLearned(s, r) == r.stage = "told" \/ (r.stage = "confirmed" /\ IsClean(s, r.key))
\* A new tail tells a version before it has answered what the old one may have.
BugUnsettled(t) == IsTail(t) /\ Chain!Mine(t).serves
\* Reads are not confirmed by the master.
BugNotConfirmed(s, r) == r.stage # "told" /\ IsClean(s, r.key)
==============================================================================
