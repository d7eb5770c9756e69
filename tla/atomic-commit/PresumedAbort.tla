---------------------------- MODULE PresumedAbort ----------------------------
(***************************************************************************)
(* Two-phase commit with presumed abort, as the crate `atomic-commit` has  *)
(* it: a coordinator that crashes, forgets, and is asked again, and a      *)
(* client's call that is tried again after that.                           *)
(*                                                                         *)
(* One call of one client. Each life of the coordinator may run it, under  *)
(* a name of its own: that life. A participant's crash changes nothing,    *)
(* since all that it knows is on its disk.                                 *)
(*                                                                         *)
(* After Mohan, Lindsay & Obermarck, Transaction Management in the R*      *)
(* Distributed Database Management System (1986), §3.                      *)
(***************************************************************************)
EXTENDS Naturals

CONSTANTS
    RM,          \* the participants
    Lives        \* how many lives the coordinator has: 1 .. Lives

Run == 1 .. Lives

\* Who takes part in the transaction. In a trace of more servers not all do.
Asked == RM

VARIABLES
    rmState,     \* of each run, of each participant, as in TCommit; on disk
    life,        \* the coordinator's; on disk
    committed,   \* runs that the coordinator remembers to have committed; on disk
    told,        \* what the client may be told: "nothing", "committed", "aborted"; on disk
    voting,      \* the runs that wait for votes; lost in a crash
    yes,         \* of each run, whose yes the coordinator has; lost in a crash
    waiting,     \* of each run, who has not acknowledged the commit
    msgs         \* all messages that were ever sent

coordinator == <<life, committed, told, voting, yes, waiting>>
vars == <<rmState, life, committed, told, voting, yes, waiting, msgs>>

Message ==
    [type : {"Prepare", "Commit", "Abort", "Aborted"}, run : Run]
        \cup [type : {"VoteYes", "VoteNo", "Ack", "Inquire"}, run : Run, rm : RM]

TypeOK == /\ rmState \in [Run -> [RM -> {"working", "prepared", "committed", "aborted"}]]
          /\ life \in Run
          /\ committed \subseteq Run
          /\ told \in {"nothing", "committed", "aborted"}
          /\ voting \subseteq Run
          /\ yes \in [Run -> SUBSET RM]
          /\ waiting \in [Run -> SUBSET RM]
          /\ msgs \subseteq Message

Init == /\ rmState = [n \in Run |-> [r \in RM |-> "working"]]
        /\ life = 1
        /\ committed = {}
        /\ told = "nothing"
        /\ voting = {}
        /\ yes = [n \in Run |-> {}]
        /\ waiting = [n \in Run |-> {}]
        /\ msgs = {}

Broadcast(type, n) == [type |-> type, run |-> n]
From(type, n, r) == [type |-> type, run |-> n, rm |-> r]
Send(m) == msgs' = msgs \cup {m}

------------------------------------------------------------------------------
(* The coordinator. *)

\* What a crash leaves of its commits: all of them (T01).
OnDisk == committed

Restart == /\ life < Lives
           /\ life' = life + 1
           /\ committed' = OnDisk
           /\ voting' = {}
           /\ yes' = [n \in Run |-> {}]
           /\ waiting' = [n \in Run |-> IF n \in committed THEN Asked ELSE {}]
           /\ UNCHANGED <<rmState, told, msgs>>

\* The run's name. Without the life in it, what was said of an earlier run could be taken for this one.
Name == life

\* Nothing is written. A call that was answered is not run again, nor is one that runs.
Begin == /\ told = "nothing"
         /\ Name \notin voting
         /\ voting' = voting \cup {Name}
         /\ Send(Broadcast("Prepare", Name))
         /\ UNCHANGED <<rmState, life, committed, told, yes, waiting>>

HandleVote(n, r) == /\ n \in voting
                    /\ From("VoteYes", n, r) \in msgs
                    /\ yes' = [yes EXCEPT ![n] = yes[n] \cup {r}]
                    /\ UNCHANGED <<rmState, life, committed, told, voting, waiting, msgs>>

\* AC2.
EverybodySaidYes(n) == yes[n] = Asked

Commit(n) == /\ n \in voting
             /\ EverybodySaidYes(n)
             /\ voting' = voting \ {n}
             /\ committed' = committed \cup {n}
             /\ told' = "committed"
             /\ waiting' = [waiting EXCEPT ![n] = Asked]
             /\ Send(Broadcast("Commit", n))
             /\ UNCHANGED <<rmState, life, yes>>

\* What the client is told is on disk first. (Participants need no record.)
TellsAbort == "aborted"

\* AC3: not if all said yes.
Abort(n) == /\ n \in voting
            /\ ~EverybodySaidYes(n)
            /\ voting' = voting \ {n}
            /\ told' = TellsAbort
            /\ msgs' = msgs \cup {Broadcast("Abort", n), Broadcast("Aborted", n)}
            /\ UNCHANGED <<rmState, life, committed, yes, waiting>>

Decide(n) == Commit(n) \/ Abort(n)

HandleAck(n, r) == /\ r \in waiting[n]
                   /\ From("Ack", n, r) \in msgs
                   /\ waiting' = [waiting EXCEPT ![n] = waiting[n] \ {r}]
                   /\ UNCHANGED <<rmState, life, committed, told, voting, yes, msgs>>

\* Every participant has it on disk (T03).
MayForget(n) == waiting[n] = {}

Forget(n) == /\ n \in committed
             /\ MayForget(n)
             /\ committed' = committed \ {n}
             /\ UNCHANGED <<rmState, life, told, voting, yes, waiting, msgs>>

\* Who has not acknowledged it may not have heard it. On a network that keeps everything, that is nothing new.
SendAgain(n) == /\ n \in committed
                /\ Send(Broadcast("Commit", n))
                /\ UNCHANGED <<rmState, life, committed, told, voting, yes, waiting>>

IsAsked(n, r) == From("Inquire", n, r) \in msgs \/ From("VoteYes", n, r) \in msgs

\* Somebody in doubt asks, or votes too late.
TellCommit(n, r) == /\ IsAsked(n, r)
                    /\ n \in committed
                    /\ Send(Broadcast("Commit", n))
                    /\ UNCHANGED <<rmState, life, committed, told, voting, yes, waiting>>

\* No information means abort.
PresumeAbort(n, r) == /\ IsAsked(n, r)
                      /\ n \notin committed
                      /\ n \notin voting
                      /\ n <= life
                      /\ Send(Broadcast("Abort", n))
                      /\ UNCHANGED <<rmState, life, committed, told, voting, yes, waiting>>

------------------------------------------------------------------------------
(* A participant. *)

\* No-wait: two runs want the same locks, and who has them keeps them.
IsFree(r) == \A n \in Run : rmState[n][r] # "prepared"

Prepare(n, r) == /\ Broadcast("Prepare", n) \in msgs
                 /\ rmState[n][r] = "working"
                 /\ IsFree(r)
                 /\ rmState' = [rmState EXCEPT ![n][r] = "prepared"]
                 /\ Send(From("VoteYes", n, r))
                 /\ UNCHANGED coordinator

\* A lock is taken, or somebody in doubt asks one that has not voted.
Refuse(n, r) == /\ rmState[n][r] = "working"
                /\ Broadcast("Prepare", n) \in msgs
                /\ rmState' = [rmState EXCEPT ![n][r] = "aborted"]
                /\ Send(From("VoteNo", n, r))
                /\ UNCHANGED coordinator

LearnCommit(n, r) == /\ Broadcast("Commit", n) \in msgs
                     /\ rmState[n][r] = "prepared"
                     /\ rmState' = [rmState EXCEPT ![n][r] = "committed"]
                     /\ Send(From("Ack", n, r))
                     /\ UNCHANGED coordinator

LearnAbort(n, r) == /\ Broadcast("Abort", n) \in msgs
                    /\ rmState[n][r] = "prepared"
                    /\ rmState' = [rmState EXCEPT ![n][r] = "aborted"]
                    /\ UNCHANGED <<coordinator, msgs>>

\* A promise binds (T04, T05).
DecidesAlone(n, r) == FALSE

AbortAlone(n, r) == /\ DecidesAlone(n, r)
                    /\ rmState[n][r] = "prepared"
                    /\ rmState' = [rmState EXCEPT ![n][r] = "aborted"]
                    /\ UNCHANGED <<coordinator, msgs>>

Learn(n, r) == LearnCommit(n, r) \/ LearnAbort(n, r) \/ AbortAlone(n, r)

Ask(n, r) == /\ rmState[n][r] = "prepared"
             /\ Send(From("Inquire", n, r))
             /\ UNCHANGED <<rmState, coordinator>>

\* Cooperative termination: one that knows tells `r`.
TellAnother(n, r, s) == /\ From("Inquire", n, r) \in msgs
                        /\ rmState[n][s] \in {"committed", "aborted"}
                        /\ Send(Broadcast(IF rmState[n][s] = "committed" THEN "Commit" ELSE "Abort", n))
                        /\ UNCHANGED <<rmState, coordinator>>

Tell(n, r) == TellCommit(n, r) \/ (\E s \in RM : TellAnother(n, r, s))

------------------------------------------------------------------------------
CoordinatorNext == Restart \/ Begin \/ (\E n \in Run : Decide(n) \/ Forget(n) \/ SendAgain(n))

RunNext(n, r) == \/ HandleVote(n, r) \/ HandleAck(n, r) \/ PresumeAbort(n, r)
                 \/ Prepare(n, r) \/ Refuse(n, r) \/ Learn(n, r) \/ Ask(n, r) \/ Tell(n, r)

Next == CoordinatorNext \/ (\E n \in Run, r \in RM : RunNext(n, r))

Spec == Init /\ [][Next]_vars

\* The coordinator may crash, and comes back each time; nobody stands still for ever.
FairSpec == /\ Spec
            /\ \A n \in Run : WF_vars(Decide(n))
            /\ \A n \in Run, r \in RM :
                  /\ WF_vars(HandleVote(n, r)) /\ WF_vars(Learn(n, r)) /\ WF_vars(Ask(n, r))
                  /\ WF_vars(PresumeAbort(n, r)) /\ WF_vars(TellCommit(n, r))

------------------------------------------------------------------------------
(* AC1, Agreement. *)
Agreement == \A n \in Run, r, s \in RM : ~(rmState[n][r] = "committed" /\ rmState[n][s] = "aborted")

(* AC2: it commits only if every participant voted yes. *)
Unanimity == \A n \in Run : (\E r \in RM : rmState[n][r] = "committed")
                                => \A r \in Asked : From("VoteYes", n, r) \in msgs

(* AC4, Stability. *)
Stable == [][\A n \in Run, r \in RM :
                rmState[n][r] \in {"committed", "aborted"} => rmState'[n][r] = rmState[n][r]]_vars

HasCommitted(n) == n \in committed \/ (\E r \in RM : rmState[n][r] = "committed")

(* A call takes effect once, however often it is run … *)
ExactlyOnce == \A n, o \in Run : HasCommitted(n) /\ HasCommitted(o) => n = o

(* … and not at all if its client was told so. *)
ToldTheTruth ==
    (\E n \in Run : Broadcast("Aborted", n) \in msgs) => \A n \in Run : ~HasCommitted(n)

(* What presumed abort rests on: a commit that is forgotten is on every disk. *)
ForgottenIsEverywhere ==
    \A n \in Run : Broadcast("Commit", n) \in msgs /\ n \notin committed
                        => \A r \in Asked : rmState[n][r] = "committed"

(* AC5, Termination: whoever promised is released. *)
Terminates == \A n \in Run, r \in RM : rmState[n][r] = "prepared" ~> rmState[n][r] # "prepared"

(* Each run is an atomic commitment. *)
First  == INSTANCE TCommit WITH rmState <- rmState[1]
Second == INSTANCE TCommit WITH rmState <- rmState[2]
RefinesFirst  == First!Init /\ [][First!Next]_(rmState[1])
RefinesSecond == Second!Init /\ [][Second!Next]_(rmState[2])
==============================================================================
