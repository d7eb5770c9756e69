//! Phase 2, once per slot (§3): the leader proposes, in runs of slots, several runs at a time.
use alloc::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    vec,
    vec::Vec,
};

use synod_protocol::{Caller, Effects, NodeId, Shared, StateMachine};

use super::{
    Accept, Accepted, MultiPaxos, MultiPaxosEvent, MultiPaxosMessage, Record, Request, Slot, Value, Vote,
    catch_up::Progress,
    lease::Lease,
    node::{Role, Timer},
    read::Reads,
};

/// What only a leader has.
///
/// 1. The slots after `chosen` and before `next` are those of `runs`, in order and without a gap.
/// 2. It votes for what it proposes, so its own log has the values.
/// 3. `next` is at most α slots after `chosen`.
/// 4. No run has slots of two configurations, and all of the window have a phase-1 quorum among `promises`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leadership<C> {
    /// The slot of the next proposal.
    pub(crate) next: Slot,
    /// Slots up to here may have a history: what phase 1 told of them must be proposed there.
    pub(crate) recovered: Slot,
    /// Who promised its ballot: a phase-1 quorum of each configuration of the window.
    promises: BTreeSet<NodeId>,
    /// That history.
    latest: BTreeMap<Slot, Vote<C>>,
    /// What was proposed and is not known to be chosen.
    pub(crate) runs: VecDeque<Run>,
    /// Calls that wait for a slot.
    queue: VecDeque<(Caller, Shared<Request<C>>)>,
    pub(crate) followers: BTreeMap<NodeId, Progress>,
    /// Who answered since the last check of the quorum.
    pub(crate) heard: BTreeSet<NodeId>,
    /// The latest broadcast.
    pub(crate) round: u64,
    pub(crate) reads: Reads<C>,
    pub(crate) lease: Lease,
}

/// Slots that were proposed in one message: who votes for one votes for all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    pub(crate) first: Slot,
    pub(crate) last: Slot,
    pub(crate) voters: Vec<NodeId>,
    /// A heartbeat was sent since it was proposed: its messages may be lost.
    pub(crate) is_old: bool,
}

impl<C> Leadership<C> {
    /// The calls that were neither proposed nor answered.
    pub(crate) fn unproposed(self) -> impl Iterator<Item = Caller> {
        self.queue.into_iter().map(|(caller, _)| caller).chain(self.reads.into_callers())
    }

    /// What this call asked, if it waits for a slot.
    pub(crate) fn queued(&self, caller: Caller) -> Option<&Request<C>> {
        let is_it = |of: &Caller| (of.client, of.number) == (caller.client, caller.number);
        self.queue.iter().find(|(of, _)| is_it(of)).map(|(_, request)| &**request)
    }

    pub(crate) fn enqueue(&mut self, caller: Caller, command: Shared<Request<C>>) {
        self.queue.push_back((caller, command));
    }
}

impl<C> Leadership<C> {
    /// Before a value is taken for this slot: if nobody told of a vote for it, which votes cannot have been cast? They are
    /// left out, or one in the very last slot would have this leader fill holes for ever.
    ///
    /// 1. Who proposed for slot s had executed slot s − α (the window), so every slot up to there was chosen.
    /// 2. What is chosen for a slot, a phase-2 quorum of those who decide it voted for. One of them promised (invariant 4)
    ///    and told of it: its vote, or a later one, stays until a snapshot stands for it, which it would have sent.
    /// 3. So a slot that is a hole is not chosen, and no vote is for one that is α after it, or farther.
    fn leave_out_votes(&mut self, slot: Slot, window: usize) -> Option<Slot> {
        let is_hole = slot <= self.recovered && !self.latest.contains_key(&slot);
        let last = slot.minus(1).plus(window);
        if !is_hole || self.recovered <= last {
            return None;
        }
        self.latest.split_off(&last.next());
        self.recovered = self.latest.keys().next_back().copied().unwrap_or(slot.minus(1));
        Some(last)
    }
}

impl<S: StateMachine> MultiPaxos<S> {
    /// A phase-1 quorum promised: from now on phase 2 alone will do, for as many slots as there will ever
    /// be. Of the slots up to the last one with a vote, each gets what phase 1 told of it, or a no-op: "the
    /// leader … could fill the gap immediately by proposing … a special 'no-op' command" (§3).
    ///
    /// Spec: MultiPaxos!BecomeLeader · §3
    pub(crate) fn lead(
        &mut self,
        promises: BTreeSet<NodeId>,
        latest: BTreeMap<Slot, Vote<S::Command>>,
        out: &mut Effects<Self>,
    ) {
        let recovered = latest.keys().next_back().copied().unwrap_or(self.chosen);
        out.note(MultiPaxosEvent::BecameLeader { ballot: self.promised(), recovered });
        self.role = Role::Leader(Leadership {
            next: self.chosen.next(),
            recovered,
            promises,
            latest,
            runs: VecDeque::new(),
            queue: VecDeque::new(),
            followers: self.peers().map(|peer| (peer, Progress::default())).collect(),
            heard: BTreeSet::new(),
            round: 0,
            reads: Reads::default(),
            lease: Lease::default(),
        });
        out.cancel_timer(Timer::Election);
        self.arm_check_quorum(out);
        // Its first word, before it has a value to propose.
        self.send_heartbeats(out);
        self.drive(out);
    }

    /// Proposes what may be proposed, executes what is chosen, answers what can be answered.
    pub(crate) fn drive(&mut self, out: &mut Effects<Self>) {
        loop {
            self.fill_slots(out);
            if !self.choose(out) {
                break;
            }
        }
        self.answer_reads(out);
    }

    /// Gives slots to what has a history, then to the calls that wait: as many as one message carries and one
    /// configuration decides, while few enough runs are under way and the window is open.
    ///
    /// If there is a configuration to come, no-ops take the slots before it that no call wants, so that it comes soon
    /// (*Reconfiguring a State Machine* §3).
    fn fill_slots(&mut self, out: &mut Effects<Self>) {
        let window_end = self.chosen.plus(self.config.window).min(Slot::LAST);
        let switch = self.schedule.latest().from;
        let window = self.config.window;
        let (most_runs, most_slots) = (self.config.max_runs_in_flight, self.config.max_slots_per_message);
        while let Role::Leader(leadership) = &mut self.role
            && leadership.runs.len() < most_runs
        {
            let first = leadership.next;
            let last =
                window_end.min(first.plus(most_slots - 1)).min(self.schedule.last_governed_with(first));
            let (mut values, mut no_ops) = (Vec::new(), 0);
            for slot in (first.0..=last.0).map(Slot) {
                if let Some(after) = leadership.leave_out_votes(slot, window) {
                    out.note(MultiPaxosEvent::IgnoredVotes { after });
                }
                let value = if slot <= leadership.recovered {
                    leadership.latest.remove(&slot).map_or(Value::NoOp, |vote| vote.value)
                } else if let Some((Caller { client, number, .. }, command)) = leadership.queue.pop_front() {
                    Value::Command { client, number, command }
                } else if slot < switch {
                    Value::NoOp
                } else {
                    break;
                };
                no_ops += u64::from(value == Value::NoOp);
                values.push(value);
            }
            if values.is_empty() {
                return;
            }
            self.propose(first, values.into(), no_ops, out);
        }
    }

    /// Proposes these values, and votes for them.
    ///
    /// Only a leader comes here, for slots after `chosen`, each once: so a slot has one value in a ballot.
    ///
    /// Spec: MultiPaxos!Propose · §2.2, §3
    fn propose(
        &mut self,
        first: Slot,
        values: Arc<[Value<S::Command>]>,
        no_ops: u64,
        out: &mut Effects<Self>,
    ) {
        let (me, ballot, chosen) = (self.id, self.promised(), self.chosen);
        let Role::Leader(leadership) = &mut self.role else { return };
        let last = first.plus(values.len() - 1);
        out.note(MultiPaxosEvent::Proposed { ballot, first, last, no_ops });
        leadership.runs.push_back(Run { first, last, voters: vec![me], is_old: false });
        leadership.next = last.next();
        leadership.round += 1;
        let round = leadership.round;
        self.lease_asked(out);
        self.persistent.write(Record::Voted { ballot, first, values: values.clone(), chosen }, out);
        for peer in self.peers() {
            let accept = Accept { ballot, first, values: values.clone(), chosen, round };
            out.send(peer, MultiPaxosMessage::Accept(accept));
        }
    }

    /// Counts a vote for the runs that it covers.
    ///
    /// Spec: MultiPaxos!HandleAccepted
    pub(crate) fn on_accepted(&mut self, from: NodeId, accepted: Accepted, out: &mut Effects<Self>) {
        let Accepted { ballot, first, count, round, missing } = accepted;
        if ballot != self.promised() {
            return;
        }
        let chosen = self.chosen;
        let Role::Leader(leadership) = &mut self.role else { return };
        let Some(progress) = leadership.followers.get_mut(&from) else { return };
        if round > leadership.round || missing.is_some_and(|slot| slot > chosen) {
            return out.note(MultiPaxosEvent::IgnoredNonsense { from });
        }
        leadership.heard.insert(from);
        progress.round = progress.round.max(round);
        if let Some(slots) = first.run(count as usize) {
            let covered = |run: &&mut Run| slots.contains(&run.first) && slots.contains(&run.last);
            for run in leadership.runs.iter_mut().filter(covered) {
                if !run.voters.contains(&from) {
                    run.voters.push(from);
                }
            }
        }
        self.drive(out);
        self.catch_up(from, missing, out);
    }

    /// A run is chosen when a phase-2 quorum of those who decide its slots voted for it. It may be chosen before the one before it; it is
    /// executed after it.
    ///
    /// The leader counts its own vote, though its disk may lag behind: the Accept that the others answered
    /// waited for that record (rule 1 of the contract), and so does a reply to a client.
    ///
    /// Spec: MultiPaxos!Choose · §2.3, §3
    fn choose(&mut self, out: &mut Effects<Self>) -> bool {
        let ballot = self.promised();
        let Role::Leader(leadership) = &self.role else { return false };
        let runs = leadership.runs.iter().take_while(|run| self.is_chosen(run)).count();
        let Role::Leader(leadership) = &mut self.role else { return false };
        let Some(run) = leadership.runs.drain(..runs).next_back() else { return false };
        out.note(MultiPaxosEvent::Chose { ballot, through: run.last });
        self.execute(run.last, out);
        self.win_over_the_next_acceptors(out);
        true
    }

    pub(crate) fn is_chosen(&self, run: &Run) -> bool {
        let phase_2 = &self.schedule.governing(run.first).quorums.phase_2;
        phase_2.reached(|member| run.voters.contains(&member))
    }

    /// What the leader executed gave the window another configuration. If the promises of its ballot have no phase-1
    /// quorum of that, it begins a later one, for old and new acceptors: see [`super::Schedule`].
    fn win_over_the_next_acceptors(&mut self, out: &mut Effects<Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        if !self.schedule.is_promised_by(&leadership.promises) {
            self.prepare(out);
        }
    }
}
