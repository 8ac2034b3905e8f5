//! What the calls of a scene are to do, and what is seen of them.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Mutex;

use crate::error::ToolError;
use crate::transcript::CallStatus;

/// A call of a run, and how it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Op {
    pub(super) run: usize,
    pub(super) tool: &'static str,
    pub(super) path: &'static str,
    /// How often it waits before it ends.
    pub(super) rests: usize,
    pub(super) mood: Mood,
    /// What is decided over it, if somebody is asked.
    pub(super) allowed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mood {
    Good,
    Fails,
    Panics,
    Hangs,
    Fatal,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// What a read without a name sees: all that its own run writes.
    OwnRun,
    World,
    Orders,
    File(&'static str),
    Notes,
}

impl Op {
    /// What it touches, and whether it writes it.
    fn touches(self) -> Vec<(Place, bool)> {
        match self.tool {
            "think" => vec![],
            "look" => vec![(Place::OwnRun, false)],
            "poke" => vec![(Place::World, true)],
            "stock" => vec![(Place::Orders, false)],
            "order" => vec![(Place::Orders, true)],
            "recall" => vec![(Place::Notes, false)],
            "note" => vec![(Place::OwnRun, false), (Place::Notes, true)],
            "cat" | "few" => vec![(Place::File(self.path), false)],
            _ => vec![(Place::File(self.path), true)],
        }
    }

    pub(super) fn conflicts_with(self, other: Self) -> bool {
        let (all, others) = (self.touches(), other.touches());
        let same_run = self.run == other.run;
        all.iter().any(|(one, writes)| {
            others.iter().any(|(other, also_writes)| {
                (*writes && one.is_seen_at(*other, same_run))
                    || (*also_writes && other.is_seen_at(*one, same_run))
            })
        })
    }
}

impl Place {
    /// Whether who touches the other place could tell that this one was written.
    fn is_seen_at(self, other: Self, same_run: bool) -> bool {
        match (self, other) {
            (Self::Notes, _) | (_, Self::Notes) => self == other,
            (_, Self::OwnRun) => same_run,
            (Self::OwnRun, _) => false,
            (Self::World, _) | (_, Self::World) => true,
            (Self::File(one), Self::File(other)) => {
                Path::new(one).starts_with(other) || Path::new(other).starts_with(one)
            }
            (one, other) => one == other,
        }
    }
}

/// Sees what the calls do. A plain lock: to look is no moment at which another comes first.
#[derive(Default)]
pub(super) struct Watch(Mutex<Seen>);

#[derive(Default)]
pub(super) struct Seen {
    pub(super) ops: Vec<Op>,
    /// So many calls may run at the same time.
    pub(super) most: usize,
    /// Which runs have ended.
    pub(super) over: Vec<bool>,
    /// The calls whose bodies began, in that order.
    pub(super) began: Vec<usize>,
    running: Vec<usize>,
    pub(super) results: Vec<Vec<CallStatus>>,
    /// How many were told that another call is still busy.
    pub(super) told: usize,
    pub(super) faults: Vec<String>,
}

impl Watch {
    pub(super) fn see<T>(&self, what: impl FnOnce(&mut Seen) -> T) -> T {
        what(&mut self.0.lock().unwrap())
    }

    pub(super) fn op(&self, n: usize) -> Op {
        self.see(|seen| seen.ops[n])
    }

    /// The body of a call begins.
    pub(super) fn enter(&self, n: usize) -> Inside<'_> {
        self.see(|seen| {
            let op = seen.ops[n];
            let beside: Vec<_> = seen.running.iter().map(|n| seen.ops[*n]).collect();
            for other in beside.iter().filter(|other| other.conflicts_with(op)) {
                seen.faults.push(format!("{op:?} beside {other:?}"));
            }
            if seen.began.contains(&n) {
                seen.faults.push(format!("{op:?} began twice"));
            }
            let of_tool = beside.iter().filter(|other| other.tool == op.tool).count();
            let most_of_tool = match op.tool {
                "few" => 2,
                "one" => 1,
                _ => usize::MAX,
            };
            if beside.len() >= seen.most || of_tool >= most_of_tool {
                seen.faults.push(format!("{op:?} is one too many"));
            }
            seen.began.push(n);
            seen.running.push(n);
        });
        Inside(self, n)
    }
}

/// The body of a call, until it is gone.
pub(super) struct Inside<'a>(&'a Watch, usize);

impl Inside<'_> {
    /// The call goes on after it has waited.
    pub(super) fn go_on(&self) {
        let Self(watch, n) = *self;
        watch.see(|seen| {
            let op = seen.ops[n];
            // Nobody stops a thread.
            if seen.over[op.run] && op.tool != "send" {
                seen.faults.push(format!("{op:?} goes on after the end of its run"));
            }
        });
    }

    pub(super) fn end(self) -> Result<usize, ToolError> {
        let Self(watch, n) = self;
        match watch.op(n).mood {
            Mood::Good | Mood::Hangs => Ok(n),
            Mood::Fails => Err(ToolError::new("failed")),
            Mood::Fatal => Err(ToolError::fatal("the end")),
            // Without the message that a panic prints.
            Mood::Panics => resume_unwind(Box::new("panicked")),
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.see(|seen| seen.running.retain(|n| *n != self.1));
    }
}
