-------------------------------- MODULE MCPaxos --------------------------------
(* Paxos for the model checkers: bounds, witnesses, seeded bugs (see       *)
(* ../README.md for what these are).                                       *)
EXTENDS Paxos, TLC

\* Two of three: the three majorities.
MCQuorum == {Q \in SUBSET Acceptor : \E a \in Acceptor : Q = Acceptor \ {a}}
\* Flexible: all must promise, and any one may choose.
All == {Acceptor}
Anyone == {{a} : a \in Acceptor}
Ballots2 == 0..1
Ballots3 == 0..2
Symmetric == Permutations(Acceptor)

------------------------------------------------------------------------------
WitChosen == V!chosen = {}

\* One value is chosen in two ballots: the second could not but propose it.
WitChosenAgain == ~\E v \in Value : V!ChosenAt(0, v) /\ V!ChosenAt(1, v)

\* Ballot 0 fails to choose what was voted for in it, and ballot 1 chooses something else.
WitOverruled ==
    ~\E a \in Acceptor, v, w \in Value :
        /\ v # w
        /\ V!VotedFor(a, 0, v)
        /\ V!ChosenAt(1, w)

------------------------------------------------------------------------------
\* Acceptors forget that they promised: they accept what comes.
BugForgetPromise(a, b) == TRUE

\* The proposer takes any reported vote, not the latest; with two ballots that
\* cannot do harm, so there are three.
BugAnyVote(answers, v) ==
    LET voted == {m \in answers : m.mbal >= 0}
    IN  voted = {} \/ \E m \in voted : m.mval = v

\* The proposer does not look at the votes at all.
BugIgnoreVotes(answers, v) == TRUE
==============================================================================
