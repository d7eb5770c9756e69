--------------------------------- MODULE MCRaft ---------------------------------
(***************************************************************************)
(* Raft for the model checkers: bounds, witnesses, seeded bugs.            *)
(*                                                                         *)
(* Bounds are budgets: so many restarts, so many terms. They are spent in  *)
(* `MCNext`, so no state is cut off, and a model that holds was explored   *)
(* to its end.                                                             *)
(***************************************************************************)
EXTENDS Raft, TLC

CONSTANTS
    s1, s2, s3,      \* the servers, to be named in what follows
    Turns,           \* who may run for which term: a sequence of sets of servers
    MaxLog, MaxRestarts, MaxStepDowns, MaxForgets, MaxReads

VARIABLE spent       \* how often something happened that could happen for ever

mcvars == <<vars, spent>>

Nothing == [restart |-> 0, stepDown |-> 0, forget |-> 0, read |-> 0]

Spend(what, most) == /\ spent[what] < most
                     /\ spent' = [spent EXCEPT ![what] = @ + 1]

Free == UNCHANGED spent

MCInit == Init /\ spent = Nothing

IsItsTurn(s) == /\ currentTerm[s] < Len(Turns)
                /\ s \in Turns[currentTerm[s] + 1]

(* Whom to send what. Everything that anybody could lack is too much for a *)
(* model checker; a cfg chooses.                                           *)
Ranges(s) == {<<0, LastIndex(s)>>}

MCNext ==
    \E s \in Server :
        \/ Spend("restart", MaxRestarts) /\ Restart(s)
        \/ Spend("forget", MaxForgets) /\ ForgetLeader(s)
        \/ IsItsTurn(s) /\ role[s] # "pre-candidate" /\ StartPreVote(s) /\ Free
        \/ IsItsTurn(s) /\ StartElection(s) /\ Free
        \/ BecomeLeader(s) /\ Free
        \/ \E t \in {m.term : m \in msgs} : UpdateTerm(s, t) /\ Free
        \/ \E m \in Sent("PreVote") : HandlePreVoteRequest(s, m) /\ Free
        \/ \E m \in Sent("RequestVote") : HandleRequestVoteRequest(s, m) /\ Free
        \/ \E m \in Sent("PreVoteReply") \cup Sent("RequestVoteReply") : HandleVoteReply(s, m) /\ Free
        \/ \E m \in Sent("AppendEntries") : HandleAppendEntriesRequest(s, m) /\ Free
        \/ \E i \in 1..LastIndex(s) : AdvanceCommitIndex(s, i) /\ Free
        \/ /\ role[s] = "leader"
           /\ \/ Spend("stepDown", MaxStepDowns) /\ StepDown(s)
              \/ LastIndex(s) < MaxLog /\ \E call \in Call : ClientRequest(s, call) /\ Free
              \/ \E r \in Ranges(s) : SendAppendEntries(s, r[1], r[2]) /\ Free
              \/ \E r \in Ranges(s) : r[1] = r[2] /\ SendHeartbeat(s, r[1]) /\ Free
              \/ \E m \in Sent("AppendEntriesReply") : HandleAppendEntriesReply(s, m) /\ Free
              \/ Spend("read", MaxReads) /\ AskRead(s, "read")
              \/ StartRound(s) /\ Free
              \/ AnswerReads(s) /\ Free

MCSpec == MCInit /\ [][MCNext]_mcvars

(* Liveness: somebody who runs is elected, what it appends is committed, and all learn of it. Messages   *)
(* that are sent arrive at last, since as long as a step changes something, one is taken.                *)
LiveSpec == MCSpec /\ WF_mcvars(MCNext)
AllLearn == <>(\A s \in Server : commitIndex[s] = 1)

OneTerm    == <<{s1, s2, s3}>>
TwoTerms   == <<{s1, s2}, {s1, s2, s3}>>
OneThenTwo == <<{s1}, {s2}>>
OneThenAny == <<{s1}, {s1, s2, s3}>>
NoMore     == <<{}, {}, {}>>
ThenTwo    == <<{}, {s2}>>
Alternate  == <<{s1}, {s2}, {s1}, {s2}>>
JustOne    == <<{s1}>>

NoRanges(s) == {}

\* The whole log, and the end of it alone: so that it meets logs that lack what stands before.
Ends(s) == {<<0, LastIndex(s)>>, <<Max(LastIndex(s) - 1, 0), LastIndex(s)>>}

\* The whole log, and a heartbeat that speaks of its empty beginning.
WithHeartbeat(s) == {<<0, LastIndex(s)>>, <<0, 0>>}

\* The whole log, and its first entry alone: so that old and short requests meet long logs.
Beginnings(s) == {<<0, LastIndex(s)>>, <<0, 1>>}

------------------------------------------------------------------------------
(* What a model may leave out without losing a behaviour that matters. *)

\* A denial in one's own term changes nothing in its receiver.
QuietDenial(s, m) == IF m.term < currentTerm[s] THEN {VoteReply(s, m, FALSE)} ELSE {}

\* Without pre-vote more elections happen, and any of them at any time: what holds then holds with it.
AnyTime(s) == role[s] # "leader"
NoPreVote(s) == FALSE

------------------------------------------------------------------------------
(* Witnesses: these must fail. *)

Leaders == {s \in Server : role[s] = "leader"}

WitTwoLeaders == Cardinality(Leaders) < 2                      \* of different terms, of course
WitCommit     == committed = <<>>
WitCommitTwice == Cardinality({committed[i].term : i \in 1..Len(committed)}) < 2
WitOverwritten ==                                              \* an entry loses its place to another
    [][\A s \in Server : IsPrefix(log[s], log'[s])]_mcvars
WitConflict   == ~\E m \in Sent("AppendEntriesReply") : m.outcome = "conflict"
WitRefused    == ~\E m \in msgs : m.type \in {"PreVoteReply", "RequestVoteReply"} /\ ~m.granted
WitSplitVote  ==                                               \* everybody votes, and nobody wins
    ~( /\ \A s \in Server : currentTerm[s] = 1 /\ votedFor[s] # Nil
       /\ \A s \in Server : ~IsQuorum(s, {t \in Server : votedFor[t] = s}) )
WitCallTwice  ==                                               \* a call that was tried twice
    ~\E i, j \in 1..Len(committed) : /\ i < j
                                     /\ committed[i].call = committed[j].call
                                     /\ committed[i].call # NoOp
WitRead       == [][~\E s \in Server : AnswerReads(s)]_mcvars
WitOldLeaderReads ==                                           \* a leader that was replaced waits in vain
    ~\E s, t \in Leaders : currentTerm[s] < currentTerm[t] /\ Confirming(s) # {} /\ commitIndex[t] > 1

------------------------------------------------------------------------------
(* Seeded bugs: with one of these in the place of the spec's own definition, *)
(* a property must fail.                                                     *)

\* The vote is not on disk.
BugVoteForgotten(s) == Nil

\* A vote does not bind.
BugVotesAgain(s, candidate) == TRUE

\* Votes for whoever asks.
BugAnyLogWins(s, m) == TRUE

\* Half of the servers, or fewer, are enough.
BugMinority(s, Q) == 2 * Cardinality(Q) >= Cardinality(Server) - 1

\* Every AppendEntries replaces what follows: a late one deletes what was acknowledged since.
BugAlwaysCut(s, m) == SubSeq(log[s], 1, m.prev) \o m.entries

\* The consistency check looks only whether there is something at prevLogIndex.
BugAnyPrevious(s, m) == m.prev <= LastIndex(s)

\* Commits up to the end of the own log, not of what the leader spoke of.
BugCommitAll(s, m) == LastIndex(s)

\* Figure 8: counts copies of entries of earlier terms.
BugCountOldTerms(s, i) == TRUE

\* A leader answers reads without asking whether it still leads.
BugNoConfirmation(s) == TRUE

\* A new leader answers before it knows what is committed.
BugNoOwnEntry(s) == TRUE

\* A call that stands in the log twice takes effect twice.
BugNoSessions(l, i) == l[i].call # NoOp

------------------------------------------------------------------------------
(* Scenes: where a model begins, if what leads there is known and long. The  *)
(* messages of the past are lost, which is nothing that may not happen.      *)

NoOps(terms) == [i \in 1..Len(terms) |-> [term |-> terms[i], call |-> NoOp]]

Quiet == /\ leader = [s \in Server |-> Nil]
         /\ votes = [s \in Server |-> {}]
         /\ commitIndex = [s \in Server |-> 0]
         /\ leadership = [s \in Server |-> NotLeading]
         /\ msgs = {}
         /\ committed = <<>>
         /\ fresh = TRUE
         /\ spent = Nothing

\* s1 won the election of term 1 with all votes, and has not said anything yet.
Led == /\ currentTerm = [s \in Server |-> 1]
       /\ votedFor = [s \in Server |-> s1]
       /\ log = (s1 :> NoOps(<<1>>) @@ s2 :> <<>> @@ s3 :> <<>>)
       /\ role = (s1 :> "leader" @@ s2 :> "follower" @@ s3 :> "follower")
       /\ elected = {<<1, s1>>}
       /\ Quiet

\* Then all took over its first entry, and it committed it.
Settled == /\ currentTerm = [s \in Server |-> 1]
           /\ votedFor = [s \in Server |-> s1]
           /\ log = [s \in Server |-> NoOps(<<1>>)]
           /\ role = (s1 :> "leader" @@ s2 :> "follower" @@ s3 :> "follower")
           /\ leader = (s1 :> Nil @@ s2 :> s1 @@ s3 :> s1)
           /\ votes = [s \in Server |-> {}]
           /\ commitIndex = (s1 :> 1 @@ s2 :> 0 @@ s3 :> 0)
           /\ leadership = [[s \in Server |-> NotLeading]
                                EXCEPT ![s1].match = (s1 :> 0 @@ s2 :> 1 @@ s3 :> 1)]
           /\ msgs = {}
           /\ elected = {<<1, s1>>}
           /\ committed = NoOps(<<1>>)
           /\ fresh = TRUE
           /\ spent = Nothing

\* (c) of Figure 8: s1 led term 1 and left its entry on itself alone; s2 led term 2 and did too; s1 was
\* elected for term 3. From there on it is as the paper tells it, if the leader counts copies.
Figure8 == /\ currentTerm = (s1 :> 3 @@ s2 :> 2 @@ s3 :> 3)
           /\ votedFor = (s1 :> s1 @@ s2 :> s2 @@ s3 :> s1)
           /\ log = (s1 :> NoOps(<<1, 3>>) @@ s2 :> NoOps(<<2>>) @@ s3 :> <<>>)
           /\ role = (s1 :> "leader" @@ s2 :> "follower" @@ s3 :> "follower")
           /\ elected = {<<1, s1>>, <<2, s2>>, <<3, s1>>}
           /\ Quiet

SettledSpec == Settled /\ [][MCNext]_mcvars
LedSpec     == Led /\ [][MCNext]_mcvars
Figure8Spec == Figure8 /\ [][MCNext]_mcvars
==============================================================================
