//! The events of a run on their way to its consumer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::log::event::{Event, EventKind};
use crate::log::event_fold::EventFold;
use crate::log::run_id::RunId;
use crate::log::step::Step;

/// The events that the consumer has not taken yet; none are kept once it takes no more.
#[derive(Clone)]
pub(crate) struct Events(Arc<Mutex<Option<EventQueue>>>);

struct EventQueue {
    fold: EventFold,
    events: VecDeque<Event>,
    /// How many were taken before them.
    taken: usize,
    /// The latest progress of each call: its place among all events of the run.
    progress: HashMap<usize, usize>,
    /// Whether the calls of a response run.
    makes_calls: bool,
}

impl Events {
    pub(crate) fn new(run: RunId) -> Self {
        Self(Arc::new(Mutex::new(Some(EventQueue {
            fold: EventFold::new(run),
            events: VecDeque::new(),
            taken: 0,
            progress: HashMap::new(),
            makes_calls: false,
        }))))
    }

    /// Adds the event of a step; the clock is read only where one is kept.
    pub(crate) fn add(&self, step: &Step<'_>, clock: impl FnOnce() -> Duration) {
        if let Some(queue) = &mut *self.lock() {
            queue.follow(step);
            if let Some(event) = queue.fold.event(step, clock) {
                queue.push(event);
            }
        }
    }

    /// Adds the last one.
    pub(crate) fn end(&self, clock: impl FnOnce() -> Duration, kind: impl FnOnce() -> EventKind) {
        if let Some(queue) = &mut *self.lock() {
            let event = queue.fold.stamp(kind(), clock());
            queue.push(event);
        }
    }

    pub(crate) fn pop(&self) -> Option<Event> {
        self.lock().as_mut()?.pop()
    }

    /// Whether the run can be polled now. The events of an answer have no bound, so more of it is read when
    /// all events before are taken; those of its calls are bounded by their number.
    pub(crate) fn let_run(&self) -> bool {
        self.lock().as_ref().is_none_or(|queue| queue.makes_calls || queue.events.is_empty())
    }

    pub(crate) fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<EventQueue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventQueue {
    fn follow(&mut self, step: &Step<'_>) {
        match step {
            Step::Answered { response, .. } => self.makes_calls = response.is_some(),
            Step::TurnEnded { .. } => self.makes_calls = false,
            // The numbers of calls start again at 1.
            Step::TurnStarted { .. } | Step::TurnRestarted { .. } => self.progress.clear(),
            _ => {}
        }
    }

    /// Adds an event, or puts it in the place of an older one that it makes void.
    fn push(&mut self, event: Event) {
        if let EventKind::CallProgress { number, .. } = event.kind {
            let next = self.taken + self.events.len();
            let place = self.progress.entry(number).or_insert(next);
            let there = place.checked_sub(self.taken).and_then(|at| self.events.get_mut(at));
            if let Some(older) = there {
                *older = event;
                return;
            }
            *place = next;
        }
        self.events.push_back(event);
    }

    fn pop(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        self.taken += 1;
        Some(event)
    }
}
