//! Where each call of a batch is, and what it holds: plain data, without a lock and without a clock.
//!
//! A transition returns what has to be done after the unlock (wake, abort, drop, give back), because
//! all of that can run code of the user or take other locks.

use std::mem;
use std::sync::Arc;
use std::task::Waker;

use crate::dispatch::ending::Ending;
use crate::dispatch::over::{Over, Summary};
use crate::dispatch::prepare::{CallMeta, Prepared};
use crate::dispatch::row::{
    CallEvent, CallEventKind, CallRow, CallState, CallTimes, EndedHere, MOST_NESTED, Offered,
    Stopped,
};
use crate::dispatch::task::CallTask;
use crate::log::event::Event;
use crate::schedule::queue::Holding;
use crate::sync::{AbortHandle, Instant};
use crate::transcript::Usage;

#[derive(Default)]
pub(super) struct BatchState {
    rows: Vec<CallRow>,
    mail: Vec<CallEvent>,
    /// Woken with the first event.
    waker: Option<Waker>,
    /// Nothing more may start.
    over: bool,
    /// Calls that are queued.
    queued: usize,
    /// Bodies that were stopped while another thread polled them, until it has dropped them.
    lingering: usize,
    /// The tokens of the runs within calls.
    usage: Usage,
    watched: bool,
}

impl BatchState {
    pub(super) fn new(calls: usize, watched: bool) -> Self {
        Self { rows: Vec::with_capacity(calls), watched, ..Self::default() }
    }

    pub(super) fn row(&mut self, index: usize) -> &mut CallRow {
        while self.rows.len() <= index {
            self.rows.push(CallRow::NEW);
        }
        #[expect(clippy::indexing_slicing, reason = "it was just filled up to there")]
        &mut self.rows[index]
    }

    pub(super) fn get(&self, index: usize) -> Option<&CallRow> {
        self.rows.get(index)
    }

    /// Nothing starts from now on; what runs goes on.
    pub(super) fn end_all_starts(&mut self) {
        self.over = true;
    }

    pub(super) fn has_queued(&self) -> bool {
        self.queued > 0
    }

    pub(super) fn is_lingering(&self) -> bool {
        self.lingering > 0
    }

    /// Admits a call: it is queued until it is free and has its slots.
    pub(super) fn queue(&mut self, index: usize, prepared: Prepared, holding: Holding) {
        self.queued += 1;
        let row = self.row(index);
        debug_assert!(matches!(row.state, CallState::Unread), "a call is admitted once");
        row.meta = Some(prepared.meta);
        row.prepared = Some(prepared);
        row.holding = Some(holding);
        row.state = CallState::Queued;
    }

    /// Enters a single call that runs already.
    pub(super) fn open_running(&mut self, meta: CallMeta, holding: Holding) {
        let row = self.row(0);
        (row.meta, row.holding) = (Some(meta), Some(holding));
        row.state = CallState::Running { since: Some(meta.queued), task: None, abort: None };
    }

    /// The row of a call that is still queued.
    pub(super) fn queued(&mut self, index: usize) -> Option<&mut CallRow> {
        if self.over {
            return None;
        }
        self.rows.get_mut(index).filter(|row| matches!(row.state, CallState::Queued))
    }

    /// A queued call has all that it needs.
    pub(super) fn ready(&mut self, index: usize) {
        if let Some(row) = self.queued(index) {
            row.state = CallState::Starting;
            self.queued -= 1;
        }
    }

    /// The call that is handed to a task or a thread, or polled by the driver; `None` if it was stopped.
    pub(super) fn launch(&mut self, index: usize, since: Option<Instant>) -> Option<Prepared> {
        if self.over {
            return None;
        }
        let row = self.rows.get_mut(index)?;
        if !matches!(row.state, CallState::Starting) {
            return None;
        }
        row.state = CallState::Running { since, task: None, abort: None };
        row.prepared.take()
    }

    /// Notes which task has the body of a running call.
    pub(super) fn set_task(&mut self, index: usize, new: Arc<CallTask>) {
        if let Some(CallState::Running { task, .. }) = self.state_mut(index) {
            *task = Some(new);
        }
    }

    /// Keeps the handle of a call's task; returned if the call has ended meanwhile.
    pub(super) fn set_abort(&mut self, index: usize, handle: AbortHandle) -> Option<AbortHandle> {
        match self.state_mut(index) {
            Some(CallState::Running { abort, .. }) => {
                *abort = Some(handle);
                None
            }
            _ => Some(handle),
        }
    }

    /// The first instruction of a body comes next; false if it must not run any more.
    ///
    /// The event is posted under the same lock: whoever stops the call later finds both, so that no call is
    /// reported as "not run" whose body has begun.
    pub(super) fn begin(&mut self, index: usize, now: Instant) -> (bool, Option<Waker>) {
        if self.over {
            return (false, None);
        }
        let Some(CallState::Running { since, .. }) = self.state_mut(index) else {
            return (false, None);
        };
        *since = Some(now);
        (true, self.watched.then(|| self.post(index, CallEventKind::Started)).flatten())
    }

    /// The end of a call; without an ending it never began. If it has one, the new one is returned: to be
    /// dropped after the unlock, as it can hold values of the user.
    pub(super) fn end(
        &mut self,
        index: usize,
        ending: Option<Ending>,
        ended: Instant,
    ) -> (Option<Waker>, Option<Ending>) {
        let Some(row) = self.rows.get_mut(index).filter(|row| row.is_open()) else {
            return (None, ending);
        };
        let started = match row.state {
            CallState::Running { since, .. } => since,
            _ => None,
        };
        if matches!(row.state, CallState::Queued) {
            self.queued -= 1;
        }
        // Before the claims are free: calls that wait for them never start.
        self.over |= ending.as_ref().is_some_and(Ending::is_fatal);
        row.state = CallState::Ended(ending, CallTimes { started, ended });
        (self.post(index, CallEventKind::Ended), None)
    }

    /// What a call held whose body is gone.
    pub(super) fn release(&mut self, index: usize) -> (Option<Holding>, Option<Waker>) {
        let Some(row) = self.rows.get_mut(index) else { return (None, None) };
        let holding = row.holding.take();
        if !mem::take(&mut row.lingers) {
            return (holding, None);
        }
        self.lingering -= 1;
        (holding, self.waker.take())
    }

    /// The body of a stopped call is in other hands: a thread polls it, or runs it to its end. Whoever has
    /// it gives back what the call holds.
    pub(super) fn outlives(&mut self, index: usize) {
        let Some(row) = self.rows.get_mut(index) else { return };
        // Without it the body is gone by now.
        let Some(holding) = &row.holding else { return };
        holding.permits().mark_stuck();
        if !row.meta.is_some_and(|meta| meta.on_thread) {
            row.lingers = true;
            self.lingering += 1;
        }
    }

    /// Stops a call: `ending` makes its ending of the time at which it began. The end is posted; the rest
    /// is to be done after the unlock.
    pub(super) fn stop(
        &mut self,
        index: usize,
        ending: impl FnOnce(&CallMeta, Option<Instant>) -> Option<Ending>,
        now: Instant,
    ) -> Option<Stopped> {
        let row = self.rows.get_mut(index).filter(|row| row.is_open())?;
        let mut stopped = Stopped { prepared: row.prepared.take(), ..Stopped::default() };
        let mut started = None;
        match &mut row.state {
            CallState::Running { since, task, abort } => {
                started = *since;
                (stopped.task, stopped.abort) = (task.take(), abort.take());
            }
            _ => stopped.holding = row.holding.take(),
        }
        let ending = row.meta.as_ref().and_then(|meta| ending(meta, started));
        stopped.waker = self.end(index, ending, now).0;
        Some(stopped)
    }

    /// The calls that have not ended.
    pub(super) fn open(&self) -> Vec<usize> {
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| row.is_open()).map(|(index, _)| index).collect()
    }

    /// The calls that are queued, with the time since when.
    pub(super) fn queue_of_calls(&self) -> impl Iterator<Item = (usize, &CallRow)> {
        self.rows.iter().enumerate().filter(|(_, row)| matches!(row.state, CallState::Queued))
    }

    /// The driver's own poll has ended a call: no event is posted.
    pub(super) fn end_here(&mut self, index: usize, fatal: bool) -> Option<EndedHere> {
        let row = self.rows.get_mut(index)?;
        row.state = CallState::Counted;
        self.over |= fatal;
        let (waited_for, follows) = (row.waited_for, row.follows);
        Some(EndedHere { holding: row.holding.take(), waited_for, follows })
    }

    /// The ending of a call whose end was posted.
    pub(super) fn take_ending(&mut self, index: usize) -> Option<(Option<Ending>, Summary)> {
        let row = self.rows.get_mut(index)?;
        match mem::replace(&mut row.state, CallState::Counted) {
            CallState::Ended(ending, CallTimes { started, ended }) => {
                let (access, queued) =
                    row.meta.map_or((None, ended), |meta| (Some(meta.access), meta.queued));
                let (waited_for, follows) = (row.waited_for, row.follows);
                let summary = Summary { access, queued, started, ended, waited_for, follows };
                Some((ending, summary))
            }
            other => {
                row.state = other;
                None
            }
        }
    }

    /// Keeps the ending of a call that was not admitted.
    pub(super) fn refuse(&mut self, index: usize, ending: Ending) {
        self.row(index).state = CallState::Refused(Box::new(ending));
    }

    /// Keeps the result of a call until its response has ended.
    pub(super) fn keep_early(&mut self, index: usize, over: Over) {
        self.row(index).state = CallState::Early(Box::new(over));
    }

    /// What came of a call while its response was written.
    pub(super) fn take_offered(&mut self, index: usize) -> Offered {
        let Some(row) = self.rows.get_mut(index) else { return Offered::Unread };
        match mem::replace(&mut row.state, CallState::Counted) {
            CallState::Unread => {
                row.state = CallState::Unread;
                Offered::Unread
            }
            CallState::Refused(ending) => Offered::Refused(*ending),
            CallState::Early(over) => Offered::Early(over),
            open => {
                row.state = open;
                Offered::Admitted
            }
        }
    }

    pub(super) fn report(&mut self, index: usize, text: String) -> Option<Waker> {
        if !self.watched {
            return None;
        }
        let row = self.rows.get_mut(index)?;
        if !matches!(row.state, CallState::Running { .. }) {
            return None;
        }
        // A slow consumer holds the latest text of each call, and no more.
        let is_new = row.progress.replace(text).is_none();
        is_new.then(|| self.post(index, CallEventKind::Progress)).flatten()
    }

    /// Keeps an event of a run within a call; it is returned if it is left out.
    pub(super) fn report_nested(
        &mut self,
        index: usize,
        event: Event,
    ) -> (Option<Waker>, Option<Event>) {
        let Some(row) = self.rows.get_mut(index).filter(|_| self.watched) else {
            return (None, Some(event));
        };
        let full = row.nested.len() >= MOST_NESTED && event.kind.is_piece();
        if full || !matches!(row.state, CallState::Running { .. }) {
            return (None, Some(event));
        }
        row.nested.push_back(event);
        (self.post(index, CallEventKind::Nested), None)
    }

    pub(super) fn take_nested(&mut self, index: usize) -> Option<Event> {
        self.rows.get_mut(index)?.nested.pop_front()
    }

    pub(super) fn take_progress(&mut self, index: usize) -> Option<String> {
        self.rows.get_mut(index)?.progress.take()
    }

    pub(super) fn add_usage(&mut self, usage: Usage) {
        self.usage += usage;
    }

    pub(super) fn take_usage(&mut self) -> Usage {
        mem::take(&mut self.usage)
    }

    fn state_mut(&mut self, index: usize) -> Option<&mut CallState> {
        self.rows.get_mut(index).map(|row| &mut row.state)
    }

    /// The driver takes all events at once, so the first one alone has to wake it.
    fn post(&mut self, index: usize, kind: CallEventKind) -> Option<Waker> {
        self.mail.push(CallEvent { index, kind });
        self.waker.take()
    }

    /// Exchanges the events for an empty list, whose room is used again.
    pub(super) fn take_mail(&mut self, empty: &mut Vec<CallEvent>) {
        debug_assert!(empty.is_empty(), "events would be lost");
        mem::swap(&mut self.mail, empty);
    }

    pub(super) fn has_mail(&self) -> bool {
        !self.mail.is_empty()
    }

    pub(super) fn has_waker(&self, waker: &Waker) -> bool {
        self.waker.as_ref().is_some_and(|old| old.will_wake(waker))
    }

    /// The waker to be woken next. The one before is returned, to be dropped after the unlock.
    pub(super) fn set_waker(&mut self, waker: Waker) -> Option<Waker> {
        self.waker.replace(waker)
    }
}
