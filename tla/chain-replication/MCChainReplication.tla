--------------------------- MODULE MCChainReplication ---------------------------
(***************************************************************************)
(* Chain replication for the model checkers: bounds, witnesses, seeded     *)
(* bugs. Bounds are budgets, spent in MCNext: a model that holds was       *)
(* explored to its end.                                                    *)
(***************************************************************************)
EXTENDS ChainReplication, TLC

CONSTANTS s1, s2, s3, a, b,
    MaxExclude, MaxAdmit, MaxRestarts, MaxReads

VARIABLE spent

mcvars == <<vars, spent>>

Nothing == [exclude |-> 0, admit |-> 0, restart |-> 0, read |-> 0, wipe |-> 0]

\* So many disks are lost, in cfgs that say so.
MaxWipes == 0
OneLoss == 1

Spend(what, most) == /\ spent[what] < most
                     /\ spent' = [spent EXCEPT ![what] = @ + 1]
Free == UNCHANGED spent

Three == <<s1, s2, s3>>
Two == <<s1, s2>>
One == <<s1>>

MCInit == Init /\ spent = Nothing

\* Asked for only where there is one to lose: messages that say nothing new, and restarts that forget nothing.
SaysNews(s) == \A w \in On(acks, epoch[s], s) : <<w.acked, w.has>> # <<AckPoint(s), Len(hist[s])>>
StateIsNews(s) == \A w \in On(states, epoch[s], s) : FALSE
\* Nobody loses its disk while another one, as far as it knows, does not have all that a member of a chain that answers has.
MayWipe(s) == epoch[s] # 0 /\ \A o \in Server \ {s} : IsMember(o) /\ Mine(o).serves

Forgets(s) == has[s] > 0 \/ \E r \in reads : r.server = s

MCNext ==
    \/ \E s \in Server :
        \/ \E call \in Call : ClientRequest(s, call) /\ Free
        \/ SendUpdate(s, Len(hist[s])) /\ updates' # updates /\ Free
        \/ HandleUpdate(s, Len(hist[s]) + 1) /\ Free
        \/ Commit(s, CommitPoint(s)) /\ Free
        \/ HandleAck(s, acked[s] + 1) /\ Free
        \/ \E m \in acks : LearnHas(s, m.has) /\ Free
        \/ SaysNews(s) /\ SendAck(s) /\ Free
        \/ StateIsNews(s) /\ SendState(s) /\ Free
        \/ HandOver(s) /\ Free
        \/ SendJoined(s) /\ joined' # joined /\ Free
        \/ \E m \in states : HandleState(s, Len(m.hist), m.acked) /\ copied[s] # epoch[s] /\ Free
        \/ \E e \in 1..Latest : Configure(s, e) /\ Free
        \/ Forgets(s) /\ Spend("restart", MaxRestarts) /\ Restart(s)
        \/ Spend("read", MaxReads) /\ AskRead(s, "read")
        \/ AskMaster(s) /\ Free
        \/ Confirm(s) /\ reads' # reads /\ Free
        \/ AnswerReads(s) /\ Free
        \/ Spend("wipe", MaxWipes) /\ MayWipe(s) /\ Wipe(s)
        \/ named[s] = Lost /\ Name(s) /\ Free
        \/ Spend("exclude", MaxExclude) /\ Exclude({s})
        \/ Spend("admit", MaxAdmit) /\ Admit(s)
    \/ Promote /\ Free

MCSpec == MCInit /\ [][MCNext]_mcvars

\* Liveness: every call is answered, and the chain learns of it, whoever is taken for dead. Messages that are sent arrive
\* at last, since as long as a step changes something, one is taken.
LiveSpec == MCSpec /\ WF_mcvars(MCNext)
AllLearn == <>(\A s \in Range(configs[Latest].chain) : epoch[s] = Latest /\ acked[s] = Cardinality(Call))

(***************************************************************************)
(* Witnesses: what must be possible. Each is an invariant that must break. *)
(***************************************************************************)
WitAnswered == Len(answered) < 2
WitRead == ~(reads = {} /\ spent.read > 0 /\ answered # <<>>)
WitJoined == ~(Latest = 4 /\ Len(configs[Latest].chain) = 2 /\ answered # <<>>)
\* Two servers answer as tails of different epochs.
WitTwoTails ==
    ~\E i, j \in Server : /\ i # j /\ IsMember(i) /\ IsMember(j) /\ IsTail(i) /\ IsTail(j)
                          /\ acked[i] > 0 /\ acked[j] > acked[i]
\* A server has an update that nobody else will ever have.
WitParted ==
    ~\E s \in Server : /\ ~IsMember(s) /\ hist[s] # <<>>
                       /\ ~Begins(hist[s], answered) /\ Len(answered) >= Len(hist[s])

\* A server that lost its disk is the tail again, and something was answered since.
WitWiped == ~(\E s \in Server : /\ spent.wipe > 0 /\ copied[s] > 0 /\ IsMember(s) /\ IsTail(s)
                                /\ acked[s] = Cardinality(Call) /\ epoch[s] = Latest)

(***************************************************************************)
(* Seeded bugs                                                             *)
(***************************************************************************)
\* A middle acknowledges what it has, and not what the tail has.
BugAckEarly(s) == Len(hist[s])
\* A tail that hands over answers on as before.
BugNoHandOver(s) == Len(hist[s])
\* Whoever joins is made the tail at once.
BugPromoteAtOnce == TRUE
\* Epochs are not compared (C05).
BugNoFence(s, m) == m.at = s
\* A new head does not know what the old one passed on (C03).
BugNoSessions(s, call) == FALSE
\* A tail answers reads without asking.
BugNoConfirmation(s) == TRUE
\* Who lost its disk stays in the chain.
BugLossForgiven(s) == FALSE
\* A new tail answers reads before it has answered what the old one may have.
BugUnsettled(s) == TRUE
==============================================================================
