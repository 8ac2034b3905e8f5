//! A small store with real effects, tools that declare what they touch of it in every way there
//! is, and random calls of them.

mod bench;
mod call;
mod expected;

pub use bench::{Bench, paused, respond};
pub use call::{Call, Mix};
pub use expected::check;

use agent_core::{Lock, State, Toolset, tools};
use call::{Mood, Op, Sets};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use tokio::time::sleep;

use crate::support::ms;

/// All there is: cells without a name, the orders, accounts, files, and two that are lent.
pub type Cells = [u64; 15];

const ORDERS: usize = 2;
const ACCOUNTS: usize = 3;
const FIRST_FILE: usize = 7;
const NOTES: usize = 13;
const TALLY: usize = 14;

const FILES: [&str; 6] = ["a", "a/x", "a/y", "a/y/z", "b", "bx"];

/// After this long each call is stopped; no other takes as long.
pub const TIMEOUT: u64 = 40;

/// What lies outside: nothing of it orders the calls that use it.
#[derive(Default)]
struct World(Mutex<Cells>);

#[derive(Default)]
struct Notes(u64);

#[derive(Default)]
struct Tally(u64);

/// How long each call rests before and after it has its effect, and how long who decides over it.
pub type Times = Vec<[u64; 3]>;

const EARLY: usize = 0;
const LATE: usize = 1;
const DECIDING: usize = 2;

/// What each call does, which knows its number alone.
#[derive(Default)]
struct Script {
    ops: Mutex<Vec<Option<Op>>>,
    times: Mutex<Times>,
    /// The calls whose bodies began, in that order.
    began: Mutex<Vec<usize>>,
}

#[derive(State, Default)]
struct Store {
    world: World,
    #[lend(mut Notes)]
    notes: Lock<Notes>,
    #[lend(mut Tally)]
    tally: Lock<Tally>,
    script: Script,
}

impl Script {
    fn op(&self, n: usize) -> Op {
        self.ops.lock().unwrap()[n].expect("a call that may run")
    }

    fn time(&self, n: usize, when: usize) -> u64 {
        self.times.lock().unwrap()[n][when]
    }

    async fn rest(&self, op: Op, when: usize) -> Result<(), String> {
        let rest = self.time(op.n, when);
        if rest > 0 {
            sleep(ms(rest)).await;
        }
        match (op.mood, when) {
            (Mood::FailsEarly, EARLY) | (Mood::FailsLate, LATE) => Err(format!("{} fails", op.n)),
            // Without the message that a panic prints.
            (Mood::PanicsEarly, EARLY) | (Mood::PanicsLate, LATE) => {
                resume_unwind(Box::new(format!("{} panics", op.n)))
            }
            (Mood::HangsEarly, EARLY) | (Mood::HangsLate, LATE) => std::future::pending().await,
            _ => Ok(()),
        }
    }
}

/// What a call has of the store.
struct View<'a> {
    world: &'a World,
    notes: Slot<'a>,
    tally: Slot<'a>,
}

#[derive(Default)]
enum Slot<'a> {
    #[default]
    NotLent,
    See(u64),
    Change(&'a mut u64),
}

macro_rules! slots {
    ($($ty:ident),*) => {
        $(impl<'a> From<&'a $ty> for Slot<'a> {
            fn from(lent: &'a $ty) -> Self {
                Self::See(lent.0)
            }
        }

        impl<'a> From<&'a mut $ty> for Slot<'a> {
            fn from(lent: &'a mut $ty) -> Self {
                Self::Change(&mut lent.0)
            }
        })*
    };
}

slots!(Notes, Tally);

impl Slot<'_> {
    fn get(&self) -> u64 {
        match self {
            Self::NotLent => 0,
            Self::See(value) => *value,
            Self::Change(value) => **value,
        }
    }

    fn set(&mut self, new: u64) {
        if let Self::Change(value) = self {
            **value = new;
        }
    }
}

impl View<'_> {
    fn read(&self) -> Cells {
        let mut cells = *self.world.0.lock().unwrap();
        (cells[NOTES], cells[TALLY]) = (self.notes.get(), self.tally.get());
        cells
    }

    fn write(&mut self, cell: usize, value: u64) {
        match cell {
            NOTES => self.notes.set(value),
            TALLY => self.tally.set(value),
            _ => self.world.0.lock().unwrap()[cell] = value,
        }
    }
}

/// The body of each tool: what it writes follows from what it read before it rested.
async fn work(mut view: View<'_>, script: &Script, name: &str, n: usize) -> Result<u64, String> {
    script.began.lock().unwrap().push(n);
    let op = script.op(n);
    let Sets { touched, written } = Sets::of(name, op);
    let old = view.read();
    let seen = digest(&old, touched);
    script.rest(op, EARLY).await?;
    for cell in each(written) {
        view.write(cell, mix(old[cell], seen ^ op.by));
    }
    let now = digest(&view.read(), touched);
    script.rest(op, LATE).await?;
    Ok(mix(seen, mix(now, digest(&view.read(), touched))))
}

/// No two orders of these end alike.
fn mix(old: u64, by: u64) -> u64 {
    old.wrapping_mul(31).wrapping_add(by)
}

fn each(set: u16) -> impl Iterator<Item = usize> {
    (0..15).filter(move |cell| set & (1 << cell) != 0)
}

fn digest(cells: &Cells, set: u16) -> u64 {
    each(set).fold(0, |digest, cell| mix(digest, cells[cell]))
}

macro_rules! store_tools {
    ($($options:tt $name:ident($($arg:ident: $arg_ty:ty),*; $($lent:ident: $lent_ty:ty),*);)*) => {
        mod made {
            use super::{Notes, Script, Slot, Tally, View, World, work};
            use agent_core::tool;
            use std::path::PathBuf;

            $(
                #[doc = "Work."]
                #[tool $options]
                pub(super) async fn $name(
                    world: &World, $($lent: $lent_ty,)* script: &Script, n: usize, $($arg: $arg_ty,)*
                ) -> Result<u64, String> {
                    $(_ = $arg;)*
                    #[allow(unused_mut, reason = "not all are lent something")]
                    let mut view = View { world, notes: Slot::NotLent, tally: Slot::NotLent };
                    $(view.$lent = $lent.into();)*
                    work(view, script, stringify!($name), n).await
                }
            )*
        }

        fn toolset(store: &Arc<Store>) -> Toolset {
            tools![$(made::$name),*].with_state_arc(store.clone())
        }

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

store_tools! {
    (read) peek(;);
    (write) poke(;);
    (pure) think(;);
    (read("orders")) stock(;);
    (write("orders")) order(;);
    (read("account")) audit(;);
    (write("account")) close(;);
    (read(account = id)) balance(id: usize;);
    (write(account = id)) deposit(id: usize;);
    (write(account = id, account = to)) transfer(id: usize, to: usize;);
    (read(account = ids)) sum(ids: Vec<usize>;);
    (write(account = ids)) pool(ids: Vec<usize>;);
    (write("orders"), read(account = at % 4)) book(at: usize;);
    (read(file = path)) cat(path: PathBuf;);
    (write(file = path)) edit(path: PathBuf;);
    (read(file = from), write(file = into)) join(from: Vec<PathBuf>, into: PathBuf;);
    (destructive, write(file = path)) wipe(path: PathBuf;);
    (read) note(; notes: &mut Notes);
    (read) notes(; notes: &Notes);
    (pure) recall(; notes: &Notes);
    () count(; tally: &mut Tally, notes: &Notes);
    (write) merge(; notes: &mut Notes, tally: &mut Tally);
    (write(file = path)) jot(path: PathBuf; notes: &mut Notes);
    (read(account = id), max_concurrent = 2) ask(id: usize;);
    (write(account = id), max_concurrent = 1) send(id: usize;);
    (pure, max_concurrent = 1) ponder(;);
}
