------------------------------- MODULE TwoPhase -------------------------------
(***************************************************************************)
(* Two-phase commit: a transaction manager (TM) collects a promise from    *)
(* every participant, and then tells all of them what to do.               *)
(*                                                                         *)
(* Messages are never taken from `msgs`. So they may be repeated, may come *)
(* in any order and at any later time, or never: a lost message is one     *)
(* that nobody ever takes. The whole protocol is in `TMCommit`, which      *)
(* waits for everybody, and in that a prepared participant has no way out. *)
(*                                                                         *)
(* After Gray & Lamport, Consensus on Transaction Commit (2006), §3.       *)
(***************************************************************************)
CONSTANT RM

VARIABLES
    rmState,      \* of each participant, as in TCommit
    tmState,      \* "init", "committed" or "aborted"
    tmPrepared,   \* from whom the TM has a "Prepared"
    msgs          \* all messages that were ever sent

vars == <<rmState, tmState, tmPrepared, msgs>>

Message == [type : {"Prepared"}, rm : RM] \cup [type : {"Commit", "Abort"}]

TypeOK == /\ rmState \in [RM -> {"working", "prepared", "committed", "aborted"}]
          /\ tmState \in {"init", "committed", "aborted"}
          /\ tmPrepared \subseteq RM
          /\ msgs \subseteq Message

Init == /\ rmState = [r \in RM |-> "working"]
        /\ tmState = "init"
        /\ tmPrepared = {}
        /\ msgs = {}

------------------------------------------------------------------------------
(* The transaction manager. *)

TMRcvPrepared(r) == /\ tmState = "init"
                    /\ [type |-> "Prepared", rm |-> r] \in msgs
                    /\ tmPrepared' = tmPrepared \cup {r}
                    /\ UNCHANGED <<rmState, tmState, msgs>>

\* AC2: commit only if all voted yes.
EverybodyIsPrepared == tmPrepared = RM

TMCommit == /\ tmState = "init"
            /\ EverybodyIsPrepared
            /\ tmState' = "committed"
            /\ msgs' = msgs \cup {[type |-> "Commit"]}
            /\ UNCHANGED <<rmState, tmPrepared>>

\* It may lose patience at any time before it has decided.
TMAbort == /\ tmState = "init"
           /\ tmState' = "aborted"
           /\ msgs' = msgs \cup {[type |-> "Abort"]}
           /\ UNCHANGED <<rmState, tmPrepared>>

------------------------------------------------------------------------------
(* A participant. *)

RMPrepare(r) == /\ rmState[r] = "working"
                /\ rmState' = [rmState EXCEPT ![r] = "prepared"]
                /\ msgs' = msgs \cup {[type |-> "Prepared", rm |-> r]}
                /\ UNCHANGED <<tmState, tmPrepared>>

\* Who has promised nothing is free.
MayAbortAlone(r) == rmState[r] = "working"

RMChooseToAbort(r) == /\ MayAbortAlone(r)
                      /\ rmState' = [rmState EXCEPT ![r] = "aborted"]
                      /\ UNCHANGED <<tmState, tmPrepared, msgs>>

RMRcvCommitMsg(r) == /\ [type |-> "Commit"] \in msgs
                     /\ rmState' = [rmState EXCEPT ![r] = "committed"]
                     /\ UNCHANGED <<tmState, tmPrepared, msgs>>

RMRcvAbortMsg(r) == /\ [type |-> "Abort"] \in msgs
                    /\ rmState' = [rmState EXCEPT ![r] = "aborted"]
                    /\ UNCHANGED <<tmState, tmPrepared, msgs>>

------------------------------------------------------------------------------
TM == TMCommit \/ TMAbort \/ (\E r \in RM : TMRcvPrepared(r))

Participant(r) ==
    RMPrepare(r) \/ RMChooseToAbort(r) \/ RMRcvCommitMsg(r) \/ RMRcvAbortMsg(r)

Next == TM \/ (\E r \in RM : Participant(r))

Spec == Init /\ [][Next]_vars

\* Nobody stands still for ever, neither the TM nor any participant.
FairSpec == Spec /\ WF_vars(TM) /\ (\A r \in RM : WF_vars(Participant(r)))

\* The TM may crash and stay away; the participants go on.
CrashSpec == Spec /\ (\A r \in RM : WF_vars(Participant(r)))

------------------------------------------------------------------------------
(* AC1, Agreement. *)
Agreement == \A r, s \in RM : ~(rmState[r] = "committed" /\ rmState[s] = "aborted")

(* AC2: a participant commits only if every one of them voted yes. *)
CommitIsUnanimous ==
    (\E r \in RM : rmState[r] = "committed")
        => \A r \in RM : [type |-> "Prepared", rm |-> r] \in msgs

(* AC3: a prepared participant does not abort unless the TM said so. *)
PreparedIsAPromise ==
    \A r \in RM : ( /\ rmState[r] = "aborted"
                    /\ [type |-> "Prepared", rm |-> r] \in msgs )
                  => [type |-> "Abort"] \in msgs

(* AC4, Stability: a decision is final. *)
Stable == [][ /\ tmState # "init" => tmState' = tmState
              /\ \A r \in RM : rmState[r] \in {"committed", "aborted"} => rmState'[r] = rmState[r] ]_vars

(* AC5, Termination: everybody decides. Holds of FairSpec; of CrashSpec it *)
(* does not, and that is the famous weakness: two-phase commit blocks.     *)
Terminates == <>(\A r \in RM : rmState[r] \in {"committed", "aborted"})

(* Two-phase commit is an implementation of transaction commit. *)
TC == INSTANCE TCommit
Refines == TC!Init /\ [][TC!Next]_rmState
==============================================================================
