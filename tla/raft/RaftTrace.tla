-------------------------------- MODULE RaftTrace --------------------------------
(***************************************************************************)
(* Is a recorded run of the code a behaviour of Raft?                      *)
(*                                                                         *)
(* `Trace` is data: one record per action that the code says it took, in   *)
(* the order of the run, with                                              *)
(*   action, node   which, and whose                                       *)
(*   m              the message that was handled, if one was               *)
(*   post           what was seen of the node afterwards, if it was looked *)
(* and what else the action takes. Each is one action of the spec, with    *)
(* nothing unseen between them. Contents of messages are compared too: the *)
(* spec computes what is sent, and what is received must be among it.      *)
(*                                                                         *)
(* The run is accepted if the end can be reached, that is if the invariant *)
(* TraceNotAccepted is VIOLATED.                                           *)
(***************************************************************************)
EXTENDS Raft

CONSTANT Trace
VARIABLE l         \* the next record

Ev == Trace[l]

TraceInit == Init /\ l = 1

Is(action) == /\ l <= Len(Trace)
              /\ Ev.action = action
              /\ l' = l + 1

\* The one look into msgs, apart from what the spec does with it. So whoever follows a long trace may forget
\* messages that no later record handles.
Received == Ev.m \in msgs
OnlyReceived == TRUE

\* What was seen afterwards is what the spec says.
Post(s) ==
    ("post" \in DOMAIN Ev) =>
        /\ role'[s] = Ev.post.role
        /\ currentTerm'[s] = Ev.post.currentTerm
        /\ votedFor'[s] = Ev.post.votedFor
        /\ (IF role'[s] = "leader" THEN s ELSE leader'[s]) = Ev.post.leader
        /\ Len(log'[s]) = Ev.post.lastIndex
        /\ (IF log'[s] = <<>> THEN 0 ELSE log'[s][Len(log'[s])].term) = Ev.post.lastTerm
        /\ commitIndex'[s] = Ev.post.commitIndex

Waits(s, id) == \E r \in leadership[s].reads : r.id = id

Act(s) ==
    \/ Is("Restart") /\ Restart(s)
    \/ Is("UpdateTerm") /\ Received /\ UpdateTerm(s, Ev.m.term)
    \/ Is("ForgetLeader") /\ ForgetLeader(s)
    \/ Is("StartPreVote") /\ StartPreVote(s)
    \/ Is("StartElection") /\ StartElection(s)
    \/ Is("HandlePreVoteRequest") /\ Received /\ HandlePreVoteRequest(s, Ev.m)
    \/ Is("HandleRequestVoteRequest") /\ Received /\ HandleRequestVoteRequest(s, Ev.m)
    \/ Is("HandleVoteReply") /\ Received /\ HandleVoteReply(s, Ev.m)
    \/ Is("BecomeLeader") /\ BecomeLeader(s)
    \/ Is("StepDown") /\ StepDown(s)
    \/ Is("ClientRequest") /\ ClientRequest(s, Ev.call)
    \/ Is("SendAppendEntries") /\ SendAppendEntries(s, Ev.prev, Ev.upTo)
    \/ Is("SendHeartbeat") /\ SendHeartbeat(s, Ev.prev)
    \/ Is("HandleAppendEntriesRequest") /\ Received /\ HandleAppendEntriesRequest(s, Ev.m)
    \/ Is("HandleAppendEntriesReply") /\ Received /\ HandleAppendEntriesReply(s, Ev.m)
    \/ /\ Is("AdvanceCommitIndex")
       /\ IF role[s] = "leader" THEN LeaderCommits(s, Ev.index)
                                ELSE Received /\ FollowerCommits(s, Ev.index, Ev.m)
       /\ CommitUpTo(s, Ev.index)
    \/ Is("AskRead") /\ ~Waits(s, Ev.id) /\ AskRead(s, Ev.id)
    \/ Is("AskRead") /\ Waits(s, Ev.id) /\ UNCHANGED vars
    \/ Is("StartRound") /\ StartRound(s)
    \/ Is("AnswerReads") /\ AnswerReads(s)
    \* Nothing was said to happen; it is only looked whether nothing did.
    \/ Is("Look") /\ UNCHANGED vars
    \* For the diagnosis of a trace that was rejected: could this message be received?
    \/ Is("Receive") /\ Received /\ UNCHANGED vars

TraceNext == l <= Len(Trace) /\ Act(Ev.node) /\ Post(Ev.node)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, l>>

TraceNotAccepted == l <= Len(Trace)
==============================================================================
