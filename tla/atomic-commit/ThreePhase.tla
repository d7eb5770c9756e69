------------------------------ MODULE ThreePhase ------------------------------
(***************************************************************************)
(* Three-phase commit of one transaction, with crashes and recovery.       *)
(*                                                                         *)
(* That the network is synchronous is one operator: `MayGiveUp`. Whoever   *)
(* waits for a node may cease to only if that node has crashed. In an      *)
(* asynchronous or partitioned network a silence says nothing; with        *)
(* `MayGiveUp <- TRUE` Agreement breaks (MCThreePhase.bug_partition).      *)
(*                                                                         *)
(* A node that comes back counts as failed in what it took part in: it     *)
(* decides nothing, but is told; unless everybody was down.                *)
(*                                                                         *)
(* After Skeen, Nonblocking Commit Protocols (1981), and Bernstein,        *)
(* Hadzilacos & Goodman, Concurrency Control and Recovery (1987), §7.5.    *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
    RM,          \* the participants
    C,           \* the coordinator, which is none of them
    MaxCrashes

Node == RM \cup {C}

\* Who takes part in the transaction. In a trace of more servers not all do.
Asked == RM

VARIABLES
    rmState,     \* "working", "prepared", "precommitted", "committed", "aborted"; on disk
    cState,      \* "begun", "precommitted", "committed", "aborted"; on disk
    up,          \* who is up
    failed,      \* who has been down
    got,         \* of each node, what it got from others: the coordinator votes and acknowledgements,
                 \* a participant that took over the states of the others; lost in a crash
    turn,        \* of each participant: "wait", "ask", "spread" while it leads in the coordinator's place
    msgs         \* all messages that were ever sent

vars == <<rmState, cState, up, failed, got, turn, msgs>>

Decided == {"committed", "aborted"}

Init == /\ rmState = [r \in RM |-> "working"]
        /\ cState = "begun"
        /\ up = Node
        /\ failed = {}
        /\ got = [n \in Node |-> {}]
        /\ turn = [r \in RM |-> "wait"]
        /\ msgs = {[type |-> "Prepare", to |-> r] : r \in RM}

TypeOK == /\ rmState \in [RM -> {"working", "prepared", "precommitted", "committed", "aborted"}]
          /\ cState \in {"begun", "precommitted", "committed", "aborted"}
          /\ up \subseteq Node
          /\ failed \subseteq Node
          /\ turn \in [RM -> {"wait", "ask", "spread"}]

Is(n) == IF n = C THEN (IF cState = "begun" THEN "prepared" ELSE cState) ELSE rmState[n]

\* The one who acts is up and has been so all the time.
Works(n) == n \in up /\ n \notin failed

To(type, S) == {[type |-> type, to |-> r] : r \in S}
From(type, n) == [type |-> type, from |-> n]

(***************************************************************************)
(* The assumption. Silent nodes have crashed, and what a crashed node had  *)
(* sent has arrived.                                                       *)
(***************************************************************************)
Arrived(r) == \A type \in {"Prepare", "PreCommit", "Commit", "Abort"} :
                 [type |-> type, to |-> r] \in msgs =>
                    \/ type = "Prepare" /\ rmState[r] # "working"
                    \/ type = "PreCommit" /\ rmState[r] \notin {"working", "prepared"}
                    \/ type \in {"Commit", "Abort"} /\ rmState[r] \in Decided

MayGiveUp(n) == n \in failed

------------------------------------------------------------------------------
(* Crashes. A node that crashes while it sends has sent some of it: where  *)
(* a broadcast is, it may go to a part of those it is for, and then its    *)
(* sender is down.                                                         *)

\* S: to whom it goes; it is all of `all`, or the sender `n` crashes over it.
Broadcasts(n, type, S, all) ==
    /\ S \subseteq all
    /\ msgs' = msgs \cup To(type, S)
    /\ IF S = all THEN UNCHANGED <<up, failed>>
       ELSE /\ Cardinality(failed) < MaxCrashes
            /\ up' = up \ {n}
            /\ failed' = failed \cup {n}

Crash(n) == /\ n \in up
            /\ n \notin failed
            /\ Cardinality(failed) < MaxCrashes
            /\ up' = up \ {n}
            /\ failed' = failed \cup {n}
            /\ got' = [got EXCEPT ![n] = {}]
            /\ turn' = IF n = C THEN turn ELSE [turn EXCEPT ![n] = "wait"]
            /\ UNCHANGED <<rmState, cState, msgs>>

Restart(n) == /\ n \notin up
              /\ up' = up \cup {n}
              /\ UNCHANGED <<rmState, cState, failed, got, turn, msgs>>

------------------------------------------------------------------------------
(* The coordinator. *)

HandleVote(r) == /\ Works(C)
                 /\ cState = "begun"
                 /\ From("VoteYes", r) \in msgs
                 /\ got' = [got EXCEPT ![C] = got[C] \cup {From("VoteYes", r)}]
                 /\ UNCHANGED <<rmState, cState, up, failed, turn, msgs>>

EverybodySaidYes == \A r \in Asked : From("VoteYes", r) \in got[C]

StartPreCommit == /\ Works(C)
                  /\ cState = "begun"
                  /\ EverybodySaidYes
                  /\ cState' = "precommitted"
                  /\ \E S \in SUBSET RM : Broadcasts(C, "PreCommit", S, RM)
                  /\ UNCHANGED <<rmState, got, turn>>

HandlePreAck(r) == /\ Works(C)
                   /\ From("PreAck", r) \in msgs
                   /\ got' = [got EXCEPT ![C] = got[C] \cup {From("PreAck", r)}]
                   /\ UNCHANGED <<rmState, cState, up, failed, turn, msgs>>

\* The middle phase: everybody knows, or has failed.
EverybodyKnows == \A r \in Asked : From("PreAck", r) \in got[C] \/ MayGiveUp(r)

Commit == /\ Works(C)
          /\ cState = "precommitted"
          /\ EverybodyKnows
          /\ cState' = "committed"
          /\ \E S \in SUBSET RM : Broadcasts(C, "Commit", S, RM)
          /\ UNCHANGED <<rmState, got, turn>>

Abort == /\ Works(C)
         /\ cState = "begun"
         /\ \E r \in Asked : From("VoteNo", r) \in msgs \/ (From("VoteYes", r) \notin got[C] /\ MayGiveUp(r))
         /\ cState' = "aborted"
         /\ \E S \in SUBSET RM : Broadcasts(C, "Abort", S, RM)
         /\ UNCHANGED <<rmState, got, turn>>

\* One that was down is told by those who decided without it, and tells everybody.
CLearn == /\ C \in up
          /\ C \in failed
          /\ cState \notin Decided
          /\ \E r \in up \ {C} :
                /\ rmState[r] \in Decided
                /\ cState' = rmState[r]
                /\ msgs' = msgs \cup To(IF rmState[r] = "committed" THEN "Commit" ELSE "Abort", RM)
          /\ UNCHANGED <<rmState, up, failed, got, turn>>

Decide == Commit \/ Abort \/ CLearn

------------------------------------------------------------------------------
(* A participant. *)

Prepare(r) == /\ r \in up
              /\ [type |-> "Prepare", to |-> r] \in msgs
              /\ rmState[r] = "working"
              /\ r \notin failed
              /\ rmState' = [rmState EXCEPT ![r] = "prepared"]
              /\ msgs' = msgs \cup {From("VoteYes", r)}
              /\ UNCHANGED <<cState, up, failed, got, turn>>

Refuse(r) == /\ r \in up
             /\ rmState[r] = "working"
             /\ rmState' = [rmState EXCEPT ![r] = "aborted"]
             /\ msgs' = msgs \cup {From("VoteNo", r)}
             /\ UNCHANGED <<cState, up, failed, got, turn>>

PreCommit(r) == /\ r \in up
                /\ [type |-> "PreCommit", to |-> r] \in msgs
                /\ rmState[r] = "prepared"
                /\ rmState' = [rmState EXCEPT ![r] = "precommitted"]
                /\ msgs' = msgs \cup {From("PreAck", r)}
                /\ UNCHANGED <<cState, up, failed, got, turn>>

Undecided(r) == rmState[r] \in {"prepared", "precommitted"}

\* By the coordinator's word, or by the word of one who decided; or, back from a crash, by asking.
Told(r, decision) == \/ decision = "committed" /\ [type |-> "Commit", to |-> r] \in msgs
                     \/ decision = "aborted" /\ [type |-> "Abort", to |-> r] \in msgs
                     \/ r \in failed /\ \E n \in up \ {r} : Is(n) = decision

LearnFrom(r) == /\ r \in up
                /\ Undecided(r)
                /\ \E decision \in Decided :
                      /\ Told(r, decision)
                      /\ rmState' = [rmState EXCEPT ![r] = decision]
                /\ turn' = [turn EXCEPT ![r] = "wait"]
                /\ UNCHANGED <<cState, up, failed, got, msgs>>

------------------------------------------------------------------------------
(* Termination without the coordinator. *)

\* One after the other: nobody begins while another leads.
NobodyLeads == \A s \in RM : turn[s] = "wait" \/ s \in failed

TakeOver(r) == /\ Works(r)
               /\ Undecided(r)
               /\ turn[r] = "wait"
               /\ MayGiveUp(C) /\ (C \in failed => Arrived(r))
               /\ C \in failed => NobodyLeads
               /\ turn' = [turn EXCEPT ![r] = "ask"]
               /\ got' = [got EXCEPT ![r] = {}]
               /\ UNCHANGED <<rmState, cState, up, failed, msgs>>

\* Another says how things stand there. One that has not voted refuses first; one that was down does not count, unless
\* it knows the decision.
HandleState(r, s) ==
    /\ Works(r) /\ turn[r] = "ask"
    /\ s \in up
    /\ s # r
    /\ Is(s) # "working"
    /\ s \notin failed \/ Is(s) \in Decided
    /\ s \in RM /\ s \notin failed => Arrived(s) \/ C \notin failed
    /\ got' = [got EXCEPT ![r] = got[r] \cup {[of |-> s, state |-> Is(s)]}]
    /\ UNCHANGED <<rmState, cState, up, failed, turn, msgs>>

HeardOf(r) == {m.of : m \in got[r]}
Heard(r, state) == rmState[r] = state \/ \E m \in got[r] : m.state = state
HeardAll(r) == turn[r] = "ask" /\ \A s \in (Asked \cup {C}) \ {r} : s \in HeardOf(r) \/ MayGiveUp(s)

\* It carries out what it concludes, and tells the others.
Ends(r, decision, type) ==
    /\ rmState' = [rmState EXCEPT ![r] = decision]
    /\ turn' = [turn EXCEPT ![r] = "wait"]
    /\ \E S \in SUBSET (RM \ {r}) : Broadcasts(r, type, S, RM \ {r})
    /\ UNCHANGED <<cState, got>>

\* Somebody knows the decision; or all who are up are uncertain, and then nobody has committed.
ConcludeAbort(r) == /\ Works(r) /\ HeardAll(r) /\ Undecided(r)
                    /\ \/ Heard(r, "aborted")
                       \/ ~Heard(r, "committed") /\ ~Heard(r, "precommitted")
                    /\ Ends(r, "aborted", "Abort")

\* Somebody knows that all voted yes: before anybody commits, all who are up shall know.
SpreadPreCommit(r) == /\ Works(r) /\ HeardAll(r) /\ Undecided(r)
                      /\ Heard(r, "precommitted") /\ ~Heard(r, "committed") /\ ~Heard(r, "aborted")
                      /\ turn' = [turn EXCEPT ![r] = "spread"]
                      /\ \E S \in SUBSET RM : Broadcasts(r, "PreCommit", S, RM)
                      /\ UNCHANGED <<rmState, cState, got>>

ConcludeCommit(r) == /\ Works(r) /\ Undecided(r)
                     /\ \/ HeardAll(r) /\ Heard(r, "committed")
                        \/ /\ turn[r] = "spread"
                           /\ \A s \in RM : rmState[s] # "prepared" \/ MayGiveUp(s)
                     /\ Ends(r, "committed", "Commit")

\* Everybody was down and is back: nobody knows more than they do together.
TotalFailure(r) == /\ \A n \in Asked \cup {C} : n \in up /\ n \in failed
                   /\ \A n \in Node : Is(n) \notin Decided
                   /\ \A s \in Asked : rmState[s] # "working"
                   /\ LET decision == IF \E n \in Node : Is(n) = "precommitted" THEN "committed" ELSE "aborted"
                      IN rmState' = [rmState EXCEPT ![r] = decision]
                   /\ UNCHANGED <<cState, up, failed, got, turn, msgs>>

Learn(r) == LearnFrom(r) \/ ConcludeAbort(r) \/ ConcludeCommit(r) \/ TotalFailure(r)

------------------------------------------------------------------------------
(* What happens, and changes nothing here: a transaction is there from the *)
(* beginning, messages stay for ever, and who asks sees how things stand.  *)

Begin == cState = "begun" /\ UNCHANGED vars
SendAgain == cState \in Decided /\ UNCHANGED vars

\* One that has never voted on what aborts may be past that call; then it keeps no word of it.
Ended(r) == rmState[r] \in Decided \/ (rmState[r] = "working" /\ cState = "aborted")
HandleAck(r) == Ended(r) /\ UNCHANGED vars
Forget == cState \in Decided /\ (\A r \in Asked : Ended(r)) /\ UNCHANGED vars
Ask(n) == n \in up /\ n \in failed /\ UNCHANGED vars
TellState(n) == n \in up /\ Is(n) # "working" /\ UNCHANGED vars

------------------------------------------------------------------------------
CoordinatorNext == StartPreCommit \/ Decide \/ (\E r \in RM : HandleVote(r) \/ HandlePreAck(r))

ParticipantNext(r) == \/ Prepare(r) \/ Refuse(r) \/ PreCommit(r) \/ Learn(r)
                      \/ TakeOver(r) \/ SpreadPreCommit(r) \/ (\E s \in Node : HandleState(r, s))

SilentNext == \/ Begin \/ SendAgain \/ Forget
              \/ (\E r \in RM : HandleAck(r))
              \/ (\E n \in Node : Ask(n) \/ TellState(n))

Next == \/ SilentNext
        \/ CoordinatorNext
        \/ (\E r \in RM : ParticipantNext(r))
        \/ (\E n \in Node : Crash(n) \/ Restart(n))

Spec == Init /\ [][Next]_vars

\* Whoever is up goes on. Nobody need come back.
FairSpec == Spec /\ WF_vars(CoordinatorNext) /\ (\A r \in RM : WF_vars(ParticipantNext(r)))

------------------------------------------------------------------------------
(* AC1, Agreement: of participants, up or not, and of the coordinator. *)
Agreement == \A m, n \in Node : ~(Is(m) = "committed" /\ Is(n) = "aborted")

(* AC2: it commits only if every participant voted yes. *)
Unanimity == (\E n \in Node : Is(n) = "committed") => \A r \in Asked : From("VoteYes", r) \in msgs

(* AC4, Stability. *)
Stable == [][\A r \in RM : rmState[r] \in Decided => rmState'[r] = rmState[r]]_vars

(* What the middle phase is for: while anybody who works is uncertain, nobody has committed. *)
NonBlocking == (\E r \in Asked : Works(r) /\ rmState[r] \in {"working", "prepared"})
                    => \A n \in Node : Is(n) # "committed"

(* AC5, Termination without repair: whoever stays up decides. *)
Terminates == \A r \in RM : []<>(~Works(r) \/ rmState[r] \in Decided)

\* What TCommit sees of it.
Seen == [r \in RM |-> IF rmState[r] = "precommitted" THEN "prepared" ELSE rmState[r]]
TC == INSTANCE TCommit WITH rmState <- Seen
Refines == TC!Init /\ [][TC!Next]_Seen
==============================================================================
