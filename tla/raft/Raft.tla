---------------------------------- MODULE Raft ----------------------------------
(***************************************************************************)
(* Raft at the grain of the code in ../../raft: one action here is one     *)
(* event there, and has the same name. A step of the code may be several   *)
(* actions (learn a term, vote; become leader, commit); each writes at     *)
(* most one record to the disk, before its messages go. So a crash within  *)
(* a step is a crash between two actions whose messages were lost, and     *)
(* `Restart` says all that there is to say of crashes.                     *)
(*                                                                         *)
(* The network. Messages are never taken from `msgs`, and most of them     *)
(* have no addressee: whoever finds one may take it, again and again, in   *)
(* any order, at any later time, or never. That is loss, repetition, delay *)
(* and reordering, and more than any network does.                         *)
(*                                                                         *)
(* Time. There is none: any timeout may happen at any time. So pre-vote,   *)
(* check-quorum and the leader that is believed in restrict who may do     *)
(* what, but never when.                                                   *)
(*                                                                         *)
(* After Ongaro & Ousterhout, In Search of an Understandable Consensus     *)
(* Algorithm (Extended Version), 2014 (§), and Ongaro's dissertation (D§). *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Server,     \* the members of the cluster
    Call        \* calls of clients that change the state machine; each is one (client, number)

Nil  == "nil"        \* nobody
NoOp == "no-op"      \* what a leader's first entry holds instead of a call

VARIABLES
    \* On disk: what a crash leaves (Figure 2, persistent state).
    currentTerm,    \* latest term the server has seen
    votedFor,       \* whom it voted for in that term, or Nil
    log,            \* a sequence of [term, call]
    \* In memory.
    role,           \* "follower", "pre-candidate", "candidate" or "leader"
    leader,         \* of a follower: whom it hears, or Nil
    votes,          \* of a (pre-)candidate: who said yes
    commitIndex,    \* the entries up to here are committed, and applied
    leadership,     \* of a leader: what it knows of the others, and the reads that wait
    \* Between them.
    msgs,           \* all messages that were ever sent
    \* Ghosts: history that no server knows, for the properties.
    elected,        \* <<term, server>> for each election that was ever won
    committed,      \* the longest prefix of a log that was ever known to be committed
    fresh           \* no read was ever answered from the past

durable  == <<currentTerm, votedFor, log>>
volatile == <<role, leader, votes, commitIndex, leadership>>
ghosts   == <<elected, committed, fresh>>
vars     == <<durable, volatile, msgs, ghosts>>

------------------------------------------------------------------------------
(* Members and quorums. Membership changes (§6) will have their room here: *)
(* the members are then those of the latest configuration in log[s].       *)

Members(s) == Server

IsQuorum(s, Q) == 2 * Cardinality(Q \cap Members(s)) > Cardinality(Members(s))

(* The log. Everything looks at it through these, so that snapshots (§7)   *)
(* can cut off its beginning.                                              *)

LastIndex(s) == Len(log[s])
TermAt(s, i) == IF i = 0 THEN 0 ELSE log[s][i].term
LastTerm(s)  == TermAt(s, LastIndex(s))
Has(s, i, t) == i <= LastIndex(s) /\ TermAt(s, i) = t

Min(a, b) == IF a < b THEN a ELSE b
Max(a, b) == IF a > b THEN a ELSE b

IsPrefix(p, q) == Len(p) <= Len(q) /\ p = SubSeq(q, 1, Len(p))

(* A state machine's sessions (§8): a call takes effect where it stands    *)
(* for the first time, however often it stands in the log.                 *)

TakesEffect(l, i) == /\ l[i].call # NoOp
                     /\ \A j \in 1..(i - 1) : l[j].call # l[i].call
Effects(l) == {i \in 1..Len(l) : TakesEffect(l, i)}

Applied(s) == SubSeq(log[s], 1, commitIndex[s])
WasApplied(s, call) == \E i \in 1..commitIndex[s] : log[s][i].call = call

------------------------------------------------------------------------------
(* Messages. Each carries its sender's term (§5.1). *)

PreVote(s)     == [type |-> "PreVote", term |-> currentTerm[s], from |-> s,
                   lastTerm |-> LastTerm(s), lastIndex |-> LastIndex(s)]
RequestVote(s, t) == [type |-> "RequestVote", term |-> t, from |-> s,
                      lastTerm |-> LastTerm(s), lastIndex |-> LastIndex(s)]

VoteReply(s, m, granted) == [type |-> m.type \o "Reply", term |-> currentTerm[s], from |-> s,
                             to |-> m.from, granted |-> granted]

\* The entries in (prev, upTo].
AppendEntries(s, prev, upTo) ==
    [type |-> "AppendEntries", term |-> currentTerm[s], from |-> s,
     prev |-> prev, prevTerm |-> TermAt(s, prev), entries |-> SubSeq(log[s], prev + 1, upTo),
     commit |-> commitIndex[s], round |-> leadership[s].round]

AppendReply(s, m, outcome, index) ==
    [type |-> "AppendEntriesReply", term |-> currentTerm[s], from |-> s,
     outcome |-> outcome, index |-> index, round |-> m.round]

Send(new) == msgs' = msgs \cup new

Sent(type) == {m \in msgs : m.type = type}

------------------------------------------------------------------------------
NotLeading == [match     |-> [t \in Server |-> 0],    \* known to be in t's log
               round     |-> 0,                       \* the latest round of confirming the leadership
               confirmed |-> [t \in Server |-> 0],    \* the latest round that t confirmed
               reads     |-> {}]                      \* [id, floor, round]; round 0: waits for the next

Init == /\ currentTerm = [s \in Server |-> 0]
        /\ votedFor    = [s \in Server |-> Nil]
        /\ log         = [s \in Server |-> <<>>]
        /\ role        = [s \in Server |-> "follower"]
        /\ leader      = [s \in Server |-> Nil]
        /\ votes       = [s \in Server |-> {}]
        /\ commitIndex = [s \in Server |-> 0]
        /\ leadership  = [s \in Server |-> NotLeading]
        /\ msgs        = {}
        /\ elected     = {}
        /\ committed   = <<>>
        /\ fresh       = TRUE

\* Follows l, or nobody.
Follow(s, l) == /\ role' = [role EXCEPT ![s] = "follower"]
                /\ leader' = [leader EXCEPT ![s] = l]
                /\ votes' = [votes EXCEPT ![s] = {}]
                /\ leadership' = [leadership EXCEPT ![s] = NotLeading]

------------------------------------------------------------------------------
(* All servers. *)

\* What survives. (A definition of its own, so that a seeded bug can forget it.)
VoteOnDisk(s) == votedFor[s]

\* A crash, and the recovery from it.
Restart(s) == /\ Follow(s, Nil)
              /\ votedFor' = [votedFor EXCEPT ![s] = VoteOnDisk(s)]
              /\ commitIndex' = [commitIndex EXCEPT ![s] = 0]
              /\ UNCHANGED <<currentTerm, log, msgs, ghosts>>

\* "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower"
\* (§5.1). The message is handled afterwards.
UpdateTerm(s, t) == /\ t > currentTerm[s]
                    /\ currentTerm' = [currentTerm EXCEPT ![s] = t]
                    /\ votedFor' = [votedFor EXCEPT ![s] = Nil]
                    /\ Follow(s, Nil)
                    /\ UNCHANGED <<log, commitIndex, msgs, ghosts>>

------------------------------------------------------------------------------
(* Elections (§5.2). *)

\* The leader was not heard for the shortest election timeout (D§4.2.3).
ForgetLeader(s) == /\ role[s] = "follower"
                   /\ leader[s] # Nil
                   /\ leader' = [leader EXCEPT ![s] = Nil]
                   /\ UNCHANGED <<durable, role, votes, commitIndex, leadership, msgs, ghosts>>

\* The election timeout passed: it asks whether it could win (D§9.6).
StartPreVote(s) == /\ role[s] # "leader"
                   /\ leader[s] = Nil
                   /\ role' = [role EXCEPT ![s] = "pre-candidate"]
                   /\ votes' = [votes EXCEPT ![s] = {s}]
                   /\ Send({PreVote(s)})
                   /\ UNCHANGED <<durable, leader, commitIndex, leadership, ghosts>>

MayStartElection(s) == role[s] = "pre-candidate" /\ IsQuorum(s, votes[s])

\* "Increment currentTerm, vote for self, … send RequestVote RPCs to all other servers."
StartElection(s) ==
    /\ MayStartElection(s)
    /\ currentTerm' = [currentTerm EXCEPT ![s] = @ + 1]
    /\ votedFor' = [votedFor EXCEPT ![s] = s]
    /\ role' = [role EXCEPT ![s] = "candidate"]
    /\ leader' = [leader EXCEPT ![s] = Nil]
    /\ votes' = [votes EXCEPT ![s] = {s}]
    /\ Send({RequestVote(s, currentTerm[s] + 1)})
    /\ UNCHANGED <<log, commitIndex, leadership, ghosts>>

\* The log of the candidate who sent m is at least as up-to-date as ours (§5.4.1).
IsUpToDate(s, m) == \/ m.lastTerm > LastTerm(s)
                    \/ m.lastTerm = LastTerm(s) /\ m.lastIndex >= LastIndex(s)

Believes(s) == IF role[s] = "leader" THEN s ELSE leader[s]

\* The answer no. It tells a candidate of an earlier term ours, and one of ours nothing.
Denial(s, m) == {VoteReply(s, m, FALSE)}

\* A vote without obligation: nothing is stored.
HandlePreVoteRequest(s, m) ==
    /\ m.from # s /\ m.term <= currentTerm[s]
    /\ LET granted == /\ m.term = currentTerm[s]
                      /\ Believes(s) \in {Nil, m.from}
                      /\ IsUpToDate(s, m)
       IN  Send(IF granted THEN {VoteReply(s, m, TRUE)} ELSE Denial(s, m))
    /\ UNCHANGED <<durable, volatile, ghosts>>

IsFree(s, candidate) == votedFor[s] \in {Nil, candidate}

\* "1. Reply false if term < currentTerm. 2. If votedFor is null or candidateId, and candidate's log is at
\* least as up-to-date as receiver's log, grant vote." Nor does it vote who knows the leader of that term.
HandleRequestVoteRequest(s, m) ==
    /\ m.from # s /\ m.term <= currentTerm[s]
    /\ LET granted == /\ m.term = currentTerm[s]
                      /\ IsFree(s, m.from)
                      /\ Believes(s) = Nil
                      /\ IsUpToDate(s, m)
       IN  IF granted
           THEN /\ votedFor' = [votedFor EXCEPT ![s] = m.from]
                /\ Follow(s, Nil)
                /\ Send({VoteReply(s, m, TRUE)})
           ELSE /\ Send(Denial(s, m))
                /\ UNCHANGED <<votedFor, role, leader, votes, leadership>>
    /\ UNCHANGED <<currentTerm, log, commitIndex, ghosts>>

\* A vote counts in the term that it was given in, and once.
HandleVoteReply(s, m) ==
    /\ \/ m.type = "PreVoteReply" /\ role[s] = "pre-candidate"
       \/ m.type = "RequestVoteReply" /\ role[s] = "candidate"
    /\ m.to = s
    /\ m.term = currentTerm[s]
    /\ votes' = [votes EXCEPT ![s] = IF m.granted THEN @ \cup {m.from} ELSE @]
    /\ UNCHANGED <<durable, role, leader, commitIndex, leadership, msgs, ghosts>>

\* A quorum voted. The first entry of a leader is its own (§8): committing it, it learns what is committed.
BecomeLeader(s) ==
    /\ role[s] = "candidate"
    /\ IsQuorum(s, votes[s])
    /\ role' = [role EXCEPT ![s] = "leader"]
    /\ votes' = [votes EXCEPT ![s] = {}]
    /\ log' = [log EXCEPT ![s] = Append(@, [term |-> currentTerm[s], call |-> NoOp])]
    /\ leadership' = [leadership EXCEPT ![s] = NotLeading]
    /\ elected' = elected \cup {<<currentTerm[s], s>>}
    /\ UNCHANGED <<currentTerm, votedFor, leader, commitIndex, msgs, committed, fresh>>

\* No quorum was heard for an election timeout (D§6.2).
StepDown(s) == /\ role[s] = "leader"
               /\ Follow(s, Nil)
               /\ UNCHANGED <<durable, commitIndex, msgs, ghosts>>

------------------------------------------------------------------------------
(* Replication (§5.3). *)

\* A client's call takes its place in the leader's log, unless it was applied, or waits in it for its answer.
ClientRequest(s, call) ==
    /\ role[s] = "leader"
    /\ ~WasApplied(s, call)
    /\ ~\E i \in 1..LastIndex(s) : log[s][i] = [term |-> currentTerm[s], call |-> call]
    /\ log' = [log EXCEPT ![s] = Append(@, [term |-> currentTerm[s], call |-> call])]
    /\ UNCHANGED <<currentTerm, votedFor, volatile, msgs, ghosts>>

\* Entries, from wherever the follower may lack them. The code's nextIndex, probing and pipelining say which
\* are sent when; here, any may be.
SendAppendEntries(s, prev, upTo) ==
    /\ role[s] = "leader"
    /\ prev < upTo /\ upTo <= LastIndex(s)
    /\ Send({AppendEntries(s, prev, upTo)})
    /\ UNCHANGED <<durable, volatile, ghosts>>

\* The same without entries.
SendHeartbeat(s, prev) ==
    /\ role[s] = "leader"
    /\ prev <= LastIndex(s)
    /\ Send({AppendEntries(s, prev, prev)})
    /\ UNCHANGED <<durable, volatile, ghosts>>

\* "3. If an existing entry conflicts with a new one (same index but different terms), delete the existing
\* entry and all that follow it. 4. Append any new entries not already in the log." Only a conflict deletes.
Stored(s, m) ==
    LET isThere == \A i \in 1..Len(m.entries) : Has(s, m.prev + i, m.entries[i].term)
    IN  IF isThere THEN log[s] ELSE SubSeq(log[s], 1, m.prev) \o m.entries

\* "2. Reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm."
Agrees(s, m) == Has(s, m.prev, m.prevTerm)

\* A request of an old term is refused; one of our term makes its sender our leader.
HandleAppendEntriesRequest(s, m) ==
    /\ m.from # s /\ m.term <= currentTerm[s]
    /\ IF m.term < currentTerm[s]
       THEN /\ Send({AppendReply(s, m, "stale", 0)})
            /\ UNCHANGED <<log, role, leader, votes, leadership>>
       ELSE /\ role[s] # "leader"
            /\ Follow(s, m.from)
            /\ IF Agrees(s, m)
               THEN /\ log' = [log EXCEPT ![s] = Stored(s, m)]
                    /\ Send({AppendReply(s, m, "matched", m.prev + Len(m.entries))})
               ELSE /\ Send({AppendReply(s, m, "conflict", m.prev)})
                    /\ UNCHANGED log
    /\ UNCHANGED <<currentTerm, votedFor, commitIndex, ghosts>>

\* Whatever it says of the log: it is of our term, so its sender took us for the leader.
HandleAppendEntriesReply(s, m) ==
    /\ m.from # s
    /\ role[s] = "leader"
    /\ m.term = currentTerm[s]
    /\ leadership' = [leadership EXCEPT
            ![s].match[m.from] = IF m.outcome = "matched" THEN Max(@, m.index) ELSE @,
            ![s].confirmed[m.from] = Max(@, m.round)]
    /\ UNCHANGED <<durable, role, leader, votes, commitIndex, msgs, ghosts>>

------------------------------------------------------------------------------
(* Commitment (§5.3, §5.4.2). Entries are applied in the step that commits *)
(* them, so commitIndex is lastApplied too.                                *)

IsOnAQuorum(s, i) == IsQuorum(s, {s} \cup {t \in Server : leadership[s].match[t] >= i})

\* The subtle one (Figure 8): an entry of an earlier term is not committed by counting.
MayCommit(s, i) == TermAt(s, i) = currentTerm[s]

LeaderCommits(s, i) == /\ role[s] = "leader"
                       /\ i \in 1..LastIndex(s)
                       /\ IsOnAQuorum(s, i)
                       /\ MayCommit(s, i)

\* "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new entry)": of m, which
\* was handled, so that our log agrees with it.
LastNew(s, m) == m.prev + Len(m.entries)

FollowerCommits(s, i, m) ==
    /\ m.from = leader[s] /\ m.term = currentTerm[s]
    /\ Agrees(s, m)
    /\ \A k \in 1..Len(m.entries) : Has(s, m.prev + k, m.entries[k].term)
    /\ i = Min(m.commit, LastNew(s, m))

CommitUpTo(s, i) ==
    /\ i > commitIndex[s]
    /\ commitIndex' = [commitIndex EXCEPT ![s] = i]
    /\ committed' = IF i > Len(committed) THEN SubSeq(log[s], 1, i) ELSE committed
    /\ UNCHANGED <<durable, role, leader, votes, leadership, msgs, elected, fresh>>

AdvanceCommitIndex(s, i) ==
    /\ LeaderCommits(s, i) \/ \E m \in Sent("AppendEntries") : FollowerCommits(s, i, m)
    /\ CommitUpTo(s, i)

------------------------------------------------------------------------------
(* Reads without the log: ReadIndex (§8, D§6.4). The floor of a read is a  *)
(* ghost: what had been committed anywhere when it was asked.              *)

AskRead(s, id) ==
    /\ role[s] = "leader"
    /\ leadership' = [leadership EXCEPT
            ![s].reads = @ \cup {[id |-> id, floor |-> Len(committed), round |-> 0]}]
    /\ UNCHANGED <<durable, role, leader, votes, commitIndex, msgs, ghosts>>

Confirming(s) == {r \in leadership[s].reads : r.round > 0}

HasCommittedInItsTerm(s) == TermAt(s, commitIndex[s]) = currentTerm[s]

\* Reads that come while a round is under way share the next one.
StartRound(s) ==
    /\ role[s] = "leader"
    /\ leadership[s].reads # {}
    /\ Confirming(s) = {}
    /\ HasCommittedInItsTerm(s)
    /\ LET round == leadership[s].round + 1
       IN  leadership' = [leadership EXCEPT
                ![s].round = round,
                ![s].reads = {[r EXCEPT !.round = round] : r \in @}]
    /\ UNCHANGED <<durable, role, leader, votes, commitIndex, msgs, ghosts>>

IsConfirmed(s) ==
    IsQuorum(s, {s} \cup {t \in Server : leadership[s].confirmed[t] >= leadership[s].round})

\* A quorum confirmed, after the reads came, that this server still led.
AnswerReads(s) ==
    /\ role[s] = "leader"
    /\ Confirming(s) # {}
    /\ IsConfirmed(s)
    /\ fresh' = (fresh /\ \A r \in Confirming(s) : commitIndex[s] >= r.floor)
    /\ leadership' = [leadership EXCEPT ![s].reads = @ \ Confirming(s)]
    /\ UNCHANGED <<durable, role, leader, votes, commitIndex, msgs, elected, committed>>

------------------------------------------------------------------------------
ElectionNext(s) ==
    \/ \E t \in {m.term : m \in msgs} : UpdateTerm(s, t)
    \/ ForgetLeader(s)
    \/ StartPreVote(s)
    \/ StartElection(s)
    \/ \E m \in Sent("PreVote") : HandlePreVoteRequest(s, m)
    \/ \E m \in Sent("RequestVote") : HandleRequestVoteRequest(s, m)
    \/ \E m \in Sent("PreVoteReply") \cup Sent("RequestVoteReply") : HandleVoteReply(s, m)
    \/ BecomeLeader(s)
    \/ StepDown(s)

ReplicationNext(s) ==
    \/ \E call \in Call : ClientRequest(s, call)
    \/ \E prev \in 0..LastIndex(s), upTo \in 1..LastIndex(s) : SendAppendEntries(s, prev, upTo)
    \/ \E prev \in 0..LastIndex(s) : SendHeartbeat(s, prev)
    \/ \E m \in Sent("AppendEntries") : HandleAppendEntriesRequest(s, m)
    \/ \E m \in Sent("AppendEntriesReply") : HandleAppendEntriesReply(s, m)
    \/ \E i \in 1..LastIndex(s) : AdvanceCommitIndex(s, i)

ReadNext(s) == AskRead(s, "read") \/ StartRound(s) \/ AnswerReads(s)

Next == \E s \in Server : Restart(s) \/ ElectionNext(s) \/ ReplicationNext(s) \/ ReadNext(s)

Spec == Init /\ [][Next]_vars

------------------------------------------------------------------------------
(* Figure 3, and what it rests on. *)

Entry == [term : Nat \ {0}, call : Call \cup {NoOp}]

TypeOK == /\ currentTerm \in [Server -> Nat]
          /\ votedFor \in [Server -> Server \cup {Nil}]
          /\ \A s \in Server : \A i \in 1..LastIndex(s) : log[s][i] \in Entry
          /\ role \in [Server -> {"follower", "pre-candidate", "candidate", "leader"}]
          /\ leader \in [Server -> Server \cup {Nil}]
          /\ votes \in [Server -> SUBSET Server]
          /\ \A s \in Server : commitIndex[s] \in 0..LastIndex(s)
          /\ \A s \in Server : role[s] # "leader" => leadership[s] = NotLeading

\* 1. "At most one leader can be elected in a given term" (§5.2): ever, not only at one moment.
ElectionSafety == \A e, f \in elected : e[1] = f[1] => e[2] = f[2]

\* 2. "A leader never overwrites or deletes entries in its log" (§5.3).
LeaderAppendOnly ==
    [][\A s \in Server :
        role[s] = "leader" /\ role'[s] = "leader" => IsPrefix(log[s], log'[s])]_vars

\* 3. "If two logs contain an entry with the same index and term, then the logs are identical in all entries
\* up through the given index" (§5.3).
LogMatching ==
    \A s, t \in Server : \A i \in 1..Min(LastIndex(s), LastIndex(t)) :
        TermAt(s, i) = TermAt(t, i) => SubSeq(log[s], 1, i) = SubSeq(log[t], 1, i)

\* 4. "If a log entry is committed in a given term, then that entry will be present in the logs of the
\* leaders for all higher-numbered terms" (§5.4): no server that could know of it commits more than such a
\* leader has.
LeaderCompleteness ==
    \A s \in Server : role[s] = "leader" =>
        \A t \in Server : currentTerm[t] <= currentTerm[s] => IsPrefix(Applied(t), log[s])

\* 5. "If a server has applied a log entry at a given index to its state machine, no other server will ever
\* apply a different log entry for the same index" (§5.4.3).
StateMachineSafety == \A s \in Server : IsPrefix(Applied(s), committed)

\* What is committed is in the logs of a quorum, so that no crash of fewer loses it.
CommittedIsDurable ==
    \A s \in Server : IsQuorum(s, {t \in Server : IsPrefix(committed, log[t])})

\* Terms never decrease along a log, nor exceed the server's.
TermsAreOrdered ==
    \A s \in Server : /\ \A i \in 1..(LastIndex(s) - 1) : TermAt(s, i) <= TermAt(s, i + 1)
                      /\ LastTerm(s) <= currentTerm[s]

\* A server's term never decreases, and within it a vote is given once.
VotesAreForEver ==
    [][\A s \in Server :
        /\ currentTerm'[s] >= currentTerm[s]
        /\ currentTerm'[s] = currentTerm[s] /\ votedFor[s] # Nil => votedFor'[s] = votedFor[s]]_vars

\* §8: no call takes effect twice.
ExactlyOnce ==
    \A i, j \in Effects(committed) : committed[i].call = committed[j].call => i = j

\* §8: no read is answered from the past.
ReadsAreFresh == fresh

\* Raft is an implementation of a replicated log.
R == INSTANCE ReplicatedLog WITH chosen <- committed, applied <- [s \in Server |-> Applied(s)]
GrowsOnly == [][R!Next]_<<committed, log, commitIndex>>
Refines == R!Init /\ GrowsOnly
==============================================================================
