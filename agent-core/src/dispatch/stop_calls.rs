//! Stopping the calls of a batch, and answering those that wait behind a body which does not return.

use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use crate::dispatch::ending::{Ending, drop_quietly};
use crate::dispatch::prepare::CallMeta;
use crate::dispatch::row::{CallRow, CallState, Stopped};
use crate::dispatch::table::{CallTable, lock, wake};
use crate::dispatch::task::TryTake;
use crate::schedule::queue::{CallRef, CallSlots};
use crate::sync::Instant;

/// What a queued call waits for that does not end.
#[derive(Clone, Copy)]
enum Blocker {
    Call(CallRef),
    Slots,
}

impl CallTable {
    /// Starts nothing more, cancels the tokens of the calls that run, and withdraws those that wait.
    pub(super) fn shut(self: &Arc<Self>) {
        self.end_all_starts();
        // Also for runs that ask for it later.
        self.stopping.get_or_init(CancellationToken::new).cancel();
        // Waiters of a batch that is over would be skipped; but they would keep it in memory meanwhile.
        let parent = self.rules.parent.as_ref();
        for slots in self.rules.toolset.slots().chain(&self.rules.slots) {
            let lent = parent.and_then(|parent| parent.slots(slots));
            let withdraw = |slots: &Arc<CallSlots>| slots.withdraw(|waiter| waiter.is_of(self));
            withdraw(lent.as_ref().unwrap_or(slots));
        }
        let waiting = |state: &CallState| matches!(state, CallState::Queued | CallState::Starting);
        self.stop_all(|row_state| waiting(row_state));
    }

    /// Starts nothing more, stops what runs, and withdraws what waits.
    pub(super) fn close(self: &Arc<Self>) {
        self.shut();
        self.stop_all(|_| true);
    }

    fn stop_all(self: &Arc<Self>, which: impl Fn(&CallState) -> bool) {
        let open = self.lock().open();
        for index in open {
            let mut state = self.lock();
            if state.get(index).is_some_and(|row| which(&row.state)) {
                let interrupted = |meta: &CallMeta, started: Option<Instant>| {
                    started.map(|_| Ending::interrupted(meta.access))
                };
                let stopped = state.stop(index, interrupted, Instant::now());
                drop(state);
                self.drop_stopped(index, stopped);
            }
        }
    }

    /// Drops the body of a stopped call and gives back what it held, or leaves both to the thread that has
    /// the body.
    fn drop_stopped(&self, index: usize, stopped: Option<Stopped>) {
        let Some(Stopped { prepared, task, abort, mut holding, waker }) = stopped else { return };
        drop_quietly(prepared);
        wake(waker);
        if let Some(task) = task {
            if let Some(abort) = abort {
                abort.abort();
            }
            match task.try_take() {
                TryTake::Taken(body) => {
                    drop_quietly(body);
                    holding = self.lock().release(index).0;
                }
                TryTake::Polled | TryTake::OnThread => self.lock().outlives(index),
            }
        }
        if let Some(holding) = holding {
            holding.release();
        }
    }

    /// Answers the queued calls that have waited this long for a body that was stopped and has not
    /// returned.
    pub(super) fn answer_behind_stuck(&self, patience: Duration, now: Instant) {
        let mut state = self.lock();
        let due: Vec<_> = state
            .queue_of_calls()
            .filter_map(|(index, row)| {
                let queued = row.meta?.queued;
                let waits = now.saturating_duration_since(queued) >= patience;
                Some((index, self.stuck_before(row)?)).filter(|_| waits)
            })
            .collect();
        let mut all = Vec::with_capacity(due.len());
        for (index, stuck) in due {
            let whom = match stuck {
                Blocker::Call(call) if call.is_sibling(&self.rules.call_ref(index)) => {
                    format!("call #{} of this response", call.index + 1)
                }
                _ => "an earlier call".to_owned(),
            };
            let text = format!(
                "still busy with {whom}, which was stopped and has not ended; try again later"
            );
            if let Blocker::Call(call) = stuck {
                state.row(index).waited_for = Some(self.rules.waited_for(call));
            }
            all.push((index, state.stop(index, |_, _| Some(Ending::not_run(&text)), now)));
        }
        drop(state);
        for (index, stopped) in all {
            self.drop_stopped(index, stopped);
        }
    }

    /// The stuck call behind which a queued one waits in the ledger, if it does; or it waits for slots that
    /// stuck calls hold.
    fn stuck_before(&self, row: &CallRow) -> Option<Blocker> {
        let permits = row.holding.as_ref()?.permits();
        let stuck = permits.ticket().and_then(|ticket| lock(&self.ledger).stuck_before(ticket));
        if let Some(call) = stuck {
            return Some(Blocker::Call(call));
        }
        let lacks = |slots: &&Arc<CallSlots>| permits.slot_of(slots).is_none();
        let mut slots = row.prepared.as_ref()?.slots.iter().filter(lacks);
        slots.any(|slots| slots.are_stuck()).then_some(Blocker::Slots)
    }
}
