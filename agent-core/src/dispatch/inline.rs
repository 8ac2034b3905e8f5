//! The first poll of each call, in the task of the run.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::dispatch::ending::drop_quietly;
use crate::dispatch::over::Summary;
use crate::dispatch::row::EndedHere;
use crate::dispatch::seal::Sealed;
use crate::dispatch::table::Reached;
use crate::dispatch::task::{BLOCKS, poll_body, record_times};
use crate::log::step::Step;
use crate::schedule::queue::{Holding, Resumed, give_back};
use crate::sync::Instant;
use crate::tool::context::parent::{ParentCall, Scope};

/// After a first poll of this length the other calls are spawned at once: a worker may take them.
const LONG: Duration = Duration::from_micros(100);

impl Sealed<'_, '_> {
    /// Starts the calls that have all they need. What one of them frees by its end is started here too.
    pub(super) fn run_ready(&mut self) {
        self.admit_group();
        self.now = None;
        while self.broken.is_none()
            && let Some(index) = self.ready.pop_front()
        {
            let on_thread = self.table.meta(index).is_none_or(|meta| meta.on_thread);
            if !on_thread && !self.hurried {
                self.poll_here(index);
            } else if let Resumed::Ended(Some(holding)) = self.table.launch(index) {
                self.give_back(holding);
            }
        }
    }

    /// Polls a call for the first time, in the task of the run. It is spawned if it waits.
    fn poll_here(&mut self, index: usize) {
        let Some(call) = self.calls.get(index) else { return };
        let started = self.now.take().unwrap_or_else(Instant::now);
        let Some(mut prepared) = self.table.start_here(index, started) else { return };
        if self.table.rules.watched {
            // The end of the call that released this one comes first.
            self.take_mail();
            (self.log)(&Step::CallStarted { index, call });
        }
        let parent = || ParentCall::new(self.table.clone(), index);
        if let Some(context) = &prepared.context {
            context.start(started.checked_add(prepared.meta.timeout), parent());
        }
        match &mut self.scope {
            Some(Scope::Call(call)) => call.set_index(index),
            scope => *scope = Some(Scope::Call(parent())),
        }
        // The task that polls it next has a waker. Futures keep the latest one that they are given.
        let mut cx = Context::from_waker(Waker::noop());
        let polled = poll_body(&mut prepared.body, &mut self.scope, &prepared.span, &mut cx);
        let ended = Instant::now();
        let took = ended.saturating_duration_since(started);
        self.hurried |= took > LONG;
        let Poll::Ready(ending) = polled else {
            return self.table.detach(index, prepared, started);
        };
        let meta = prepared.meta;
        if took > BLOCKS {
            self.table.rules.toolset.tool(meta.tool).report_blocking(took);
        }
        record_times(&prepared.span, meta.queued, started, ended);
        // The body goes first, then its claims: a call that waits for them finds it gone.
        drop_quietly(prepared);
        let EndedHere { holding, waited_for, follows } =
            self.table.end_here(index, ending.is_fatal());
        let (access, queued, started) = (Some(meta.access), meta.queued, Some(started));
        let summary = Summary { access, queued, started, ended, waited_for, follows };
        self.answer(index, ending, &summary);
        if let Some(holding) = holding {
            self.give_back(holding);
        }
        self.now = Some(ended);
    }

    /// Gives back what a call held. The calls of this batch that it frees are started by the driver.
    fn give_back(&mut self, holding: Holding) {
        let (table, ready) = (&self.table, &mut self.ready);
        give_back(holding, &mut |waiter, by| {
            if !waiter.is_of(table) {
                return None;
            }
            let (became, displaced) = table.accept(waiter.index, by);
            Some(match became {
                Reached::Ready => {
                    ready.push_back(waiter.index);
                    Resumed::Continues
                }
                Reached::Waits => Resumed::Ended(displaced),
                Reached::Gone | Reached::Late => Resumed::Gone,
            })
        });
    }
}
