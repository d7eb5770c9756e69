//! The learner: which slots are chosen, and their execution in order (§3); snapshots of what they came to.
use alloc::sync::Arc;

use synod_protocol::{Caller, Effects, Replicated, StateMachine};

use super::{MultiPaxos, MultiPaxosEvent, Record, Request, Response, Slot, Snapshot, Value, client::recall};

impl<S: StateMachine> MultiPaxos<S> {
    /// How far this server knows the values, if all slots up to `chosen` are chosen.
    ///
    /// Its own vote tells the value *only if it is of the leader's ballot*, which is the one promised: a
    /// ballot has one value per slot. A vote of an earlier ballot may be for something that was never chosen,
    /// although something is chosen there by now.
    pub(crate) fn reach(&self, chosen: Slot) -> Slot {
        let ballot = self.promised();
        if chosen <= self.chosen {
            return self.chosen;
        }
        let votes = self.persistent.votes.range(self.chosen.next()..=chosen);
        let known = votes
            .zip(self.chosen.next().0..)
            .take_while(|((slot, vote), expected)| slot.0 == *expected && vote.ballot == ballot);
        self.chosen.plus(known.count())
    }

    /// A follower executes what it was told is chosen.
    ///
    /// Spec: MultiPaxos!Learn · §2.3
    pub(crate) fn learn(&mut self, through: Slot, out: &mut Effects<Self>) {
        if through > self.chosen {
            out.note(MultiPaxosEvent::Learned { ballot: self.promised(), through });
            self.execute(through, out);
        }
    }

    /// Executes the chosen slots up to this one, in their order. Whoever's call it was is answered by the
    /// server that put it forward, whatever it is by now: the call took effect.
    pub(crate) fn execute(&mut self, through: Slot, out: &mut Effects<Self>) {
        if through <= self.chosen {
            return;
        }
        let mut executed = self.chosen;
        for (slot, vote) in self.persistent.votes.range(self.chosen.next()..=through) {
            assert!(*slot == executed.next(), "Agreement: a slot is executed after the one before it");
            executed = *slot;
            let Value::Command { client, number, command } = &vote.value else { continue };
            let (client, number) = (*client, *number);
            // A call may be chosen for many slots, by then for something else: the first time counts.
            let response = match (&**command, recall(&self.replicated, &self.schedule, client, number)) {
                (_, Some(response)) => response,
                (Request::Command(command), None) => {
                    self.replicated.apply(client, number, command).map(Response::Output)
                }
                (Request::Reconfigure(wish), None) => {
                    let (window, call) = (self.config.window, (client, number));
                    let outcome = self.schedule.execute(call, wish, *slot, window, &self.servers);
                    if let Ok((epoch, from)) = outcome {
                        out.note(MultiPaxosEvent::Reconfigured { epoch, from });
                    }
                    Some(outcome.into())
                }
            };
            if self.waiting.get(&client).is_some_and(|(waiting, _)| *waiting <= number) {
                let answered = self.waiting.remove(&client).filter(|(waiting, _)| *waiting == number);
                if let (Some(_), Some(response)) = (answered, response) {
                    out.reply(Caller { client, number, via: self.id }, response);
                }
            }
        }
        assert!(executed == through, "Agreement: what is executed is known");
        self.chosen = through;
        if self.schedule.executed(through) {
            // Others decide now: what the former ones granted says nothing of them.
            self.void_lease();
        }
        self.take_snapshot(out);
    }

    /// When enough was executed, keeps what it came to, and cuts the log behind it.
    ///
    /// Spec: MultiPaxos!TakeSnapshot
    fn take_snapshot(&mut self, out: &mut Effects<Self>) {
        let (through, last) = (self.chosen, self.persistent.snapshot.as_ref());
        if through < last.map_or(Slot::ZERO, |last| last.through).plus(self.config.snapshot_every) {
            return;
        }
        let cut = through.minus(self.config.kept_behind_snapshot).max(self.persistent.cut);
        out.note(MultiPaxosEvent::TookSnapshot { through, cut });
        let (schedule, image) = (self.schedule.clone(), self.replicated.image());
        let snapshot = Arc::new(Snapshot { through, schedule, image });
        self.persistent.write(Record::Snapshot { snapshot, cut }, out);
    }

    /// Takes over what the slots up to a later one came to, and with it that they are chosen.
    ///
    /// Spec: MultiPaxos!InstallSnapshot
    pub(crate) fn install(&mut self, snapshot: &Arc<Snapshot<S>>, out: &mut Effects<Self>) {
        let through = snapshot.through;
        if through <= self.chosen {
            return;
        }
        out.note(MultiPaxosEvent::Installed { through });
        self.persistent.write(Record::Snapshot { snapshot: snapshot.clone(), cut: through }, out);
        self.replicated = Replicated::restore(&snapshot.image);
        self.schedule = snapshot.schedule.clone();
        self.chosen = through;
    }
}
