//! Random transitions of the state of a batch, against what must hold whatever their order.

use std::time::Duration;

use crate::dispatch::ending::Ending;
use crate::dispatch::prepare::{CallMeta, Prepared};
use crate::dispatch::row::{CallEvent, CallEventKind, CallState};
use crate::dispatch::state::BatchState;
use crate::schedule::queue::{CallRef, Holding, Permits};
use crate::schema::Access;
use crate::sync::Instant;
use crate::tool::output::ToolOutput;

const CALLS: usize = 6;

/// A generator of its own, so that a failure is repeated by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

fn prepared(now: Instant) -> Prepared {
    let timeout = Duration::from_secs(1);
    let meta = CallMeta { tool: 0, access: Access::Read, on_thread: false, timeout, queued: now };
    let body = Box::pin(async { Ok(ToolOutput::text("done")) });
    Prepared::running(meta, body, tracing::Span::none())
}

fn holding(index: usize) -> Holding {
    Holding::Own(Permits::new(CallRef { run: 1, turn: 1, attempt: 1, index }, None))
}

/// What was seen of each call.
#[derive(Default, Clone, Copy)]
struct Seen {
    admitted: bool,
    began: bool,
    started: usize,
    ended: usize,
    endings: usize,
    given_back: usize,
}

#[derive(Default)]
struct Model {
    state: BatchState,
    seen: [Seen; CALLS],
    over: bool,
}

impl Model {
    fn take_mail(&mut self, seed: u64) {
        let mut mail = Vec::new();
        self.state.take_mail(&mut mail);
        for CallEvent { index, kind } in mail {
            let call = &mut self.seen[index];
            match kind {
                CallEventKind::Started => {
                    assert_eq!(call.ended, 0, "seed {seed}: {index} starts after its end");
                    call.started += 1;
                }
                CallEventKind::Progress | CallEventKind::Nested => {}
                CallEventKind::Ended => {
                    call.ended += 1;
                    if let Some((ending, summary)) = self.state.take_ending(index) {
                        call.endings += 1;
                        assert_eq!(ending.is_some(), summary.started.is_some(), "seed {seed}");
                        assert_eq!(summary.started.is_some(), call.began, "seed {seed}: {index}");
                    }
                }
            }
        }
    }

    fn step(&mut self, dice: &mut Dice, now: Instant) {
        let index = dice.roll(CALLS);
        let Self { state, seen, over } = self;
        let seen = &mut seen[index];
        match dice.roll(10) {
            0 | 1 if !seen.admitted => {
                state.queue(index, prepared(now), holding(index));
                seen.admitted = true;
            }
            2 if state.queued(index).is_some() => {
                assert!(!*over, "nothing gets ready after the end");
                state.ready(index);
            }
            3 if state.launch(index, None).is_some() => {
                assert!(!*over && !seen.began, "a call is launched once");
            }
            4 => {
                let is_running = matches!(
                    state.get(index).map(|row| &row.state),
                    Some(CallState::Running { since: None, .. })
                );
                if is_running {
                    let (begins, _) = state.begin(index, now);
                    assert_eq!(begins, !*over, "a body begins unless the batch is over");
                    seen.began |= begins;
                }
            }
            5 if seen.began => {
                let ending = Ending::of(Ok(ToolOutput::text("done")));
                _ = state.end(index, Some(ending), now);
                seen.given_back += usize::from(state.release(index).0.is_some());
            }
            6 => {
                let ending = |meta: &CallMeta, started: Option<Instant>| {
                    started.map(|_| Ending::interrupted(meta.access))
                };
                if let Some(stopped) = state.stop(index, ending, now) {
                    seen.given_back += usize::from(stopped.holding.is_some());
                    // The body is not in the hands of a thread, so whoever stopped the call drops it.
                    seen.given_back += usize::from(state.release(index).0.is_some());
                }
            }
            7 if dice.roll(20) == 0 => {
                state.end_all_starts();
                *over = true;
            }
            8 => {
                _ = state.report(index, "half of it".to_owned());
            }
            _ => {}
        }
    }
}

#[test]
fn each_call_starts_and_ends_at_most_once_and_gives_back_what_it_held_once() {
    let now = Instant::now();
    for seed in 0..20_000 {
        let mut dice = Dice(seed);
        let mut model = Model { state: BatchState::new(CALLS, true), ..Model::default() };
        for _ in 0..60 {
            model.step(&mut dice, now);
            if dice.roll(4) == 0 {
                model.take_mail(seed);
            }
        }
        // What is open is stopped in the end.
        for index in model.state.open() {
            let stopped =
                model.state.stop(index, |_, started| started.map(|_| Ending::not_run("over")), now);
            let seen = &mut model.seen[index];
            seen.given_back +=
                usize::from(stopped.is_some_and(|stopped| stopped.holding.is_some()));
            seen.given_back += usize::from(model.state.release(index).0.is_some());
        }
        model.take_mail(seed);
        assert!(!model.state.has_queued() && model.state.open().is_empty(), "seed {seed}");
        for (index, seen) in model.seen.iter().enumerate() {
            let once = usize::from(seen.admitted);
            assert_eq!((seen.ended, seen.endings), (once, once), "seed {seed}: {index}");
            assert_eq!(seen.given_back, once, "seed {seed}: {index}");
            assert_eq!(seen.started, usize::from(seen.began), "seed {seed}: {index}");
        }
    }
}
