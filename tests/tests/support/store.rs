//! A small store with real effects, tools that declare what they touch of it in every way there
//! is, and random calls of them.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use agent_core::{Agent, Decision, Lock, Outcome, Response, State, Status, Toolset, tools};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use crate::support::{ms, once};

/// All there is: cells without a name, the orders, accounts, files, and two that are lent.
pub(crate) type Cells = [u64; 15];

const ORDERS: usize = 2;
const ACCOUNTS: usize = 3;
const FIRST_FILE: usize = 7;
const NOTES: usize = 13;
const TALLY: usize = 14;

const FILES: [&str; 6] = ["a", "a/x", "a/y", "a/y/z", "b", "bx"];

/// After this long each call is stopped; no other takes as long.
pub(crate) const TIMEOUT: u64 = 40;

/// What lies outside: nothing of it orders the calls that use it.
#[derive(Default)]
pub(crate) struct World(Mutex<Cells>);

#[derive(Default)]
pub(crate) struct Notes(u64);

#[derive(Default)]
pub(crate) struct Tally(u64);

/// How long each call rests before and after it has its effect, and how long who decides over it.
pub(crate) type Times = Vec<[u64; 3]>;

const EARLY: usize = 0;
const LATE: usize = 1;
const DECIDING: usize = 2;

#[derive(Default)]
pub(crate) struct Rests {
    times: Mutex<Times>,
    /// The calls whose bodies began, in that order.
    began: Mutex<Vec<usize>>,
}

#[derive(State, Default)]
pub(crate) struct Store {
    world: World,
    #[lend(mut Notes)]
    notes: Lock<Notes>,
    #[lend(mut Tally)]
    tally: Lock<Tally>,
    rests: Rests,
}

/// What a call does, and how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Op {
    /// Which call it is.
    pub(crate) n: usize,
    at: usize,
    to: usize,
    by: u64,
    pub(crate) mood: Mood,
    pub(crate) verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Mood {
    Good,
    FailsEarly,
    FailsLate,
    PanicsEarly,
    PanicsLate,
    HangsEarly,
    HangsLate,
}

/// What is decided over a call.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Verdict {
    /// Nobody is asked, unless its tool is destructive.
    Unasked,
    Allowed,
    Denied,
    /// The policy says no, and nobody is asked.
    Forbidden,
}

impl Rests {
    async fn rest(&self, op: Op, when: usize) -> Result<(), String> {
        let rest = self.times.lock().unwrap()[op.n][when];
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

/// No two orders of these end alike.
fn mix(old: u64, by: u64) -> u64 {
    old.wrapping_mul(31).wrapping_add(by)
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
async fn work(mut view: View<'_>, rests: &Rests, name: &str, op: Op) -> Result<u64, String> {
    rests.began.lock().unwrap().push(op.n);
    let Sets { touched, written } = Sets::of(name, op);
    let old = view.read();
    let seen = digest(&old, touched);
    rests.rest(op, EARLY).await?;
    for cell in each(written) {
        view.write(cell, mix(old[cell], seen ^ op.by));
    }
    let now = digest(&view.read(), touched);
    rests.rest(op, LATE).await?;
    Ok(mix(seen, mix(now, digest(&view.read(), touched))))
}

/// The same, without the library.
fn effect(cells: &mut Cells, name: &str, op: Op) -> u64 {
    let Sets { touched, written } = Sets::of(name, op);
    let seen = digest(cells, touched);
    for cell in each(written) {
        cells[cell] = mix(cells[cell], seen ^ op.by);
    }
    let now = digest(cells, touched);
    mix(seen, mix(now, now))
}

fn each(set: u16) -> impl Iterator<Item = usize> {
    (0..15).filter(move |cell| set & (1 << cell) != 0)
}

fn digest(cells: &Cells, set: u16) -> u64 {
    each(set).fold(0, |digest, cell| mix(digest, cells[cell]))
}

/// Sets of cells, a bit for each.
struct Sets {
    touched: u16,
    written: u16,
}

impl Sets {
    fn of(name: &str, op: Op) -> Self {
        let (mut touched, mut written) = (0, 0);
        for Touch { place, writes } in touches(name, op) {
            let cells = place.cells();
            touched |= cells;
            written |= if writes { cells } else { 0 };
        }
        Self { touched, written }
    }
}

macro_rules! store_tools {
    ($($options:tt $name:ident($op:ident $(, $arg:ident: $arg_ty:ty)*; $($lent:ident: $lent_ty:ty),*);)*) => {
        mod made {
            use super::{Notes, Op, Rests, Slot, Tally, View, World, work};
            use agent_core::tool;
            use std::path::PathBuf;

            $(
                #[doc = "Work."]
                #[tool $options]
                pub(super) async fn $name(
                    world: &World, $($lent: $lent_ty,)* rests: &Rests, $op: Op, $($arg: $arg_ty,)*
                ) -> Result<u64, String> {
                    $(_ = $arg;)*
                    #[allow(unused_mut, reason = "not all are lent something")]
                    let mut view = View { world, notes: Slot::NotLent, tally: Slot::NotLent };
                    $(view.$lent = $lent.into();)*
                    work(view, rests, stringify!($name), $op).await
                }
            )*
        }

        fn toolset(store: &Arc<Store>) -> Toolset {
            tools![$(made::$name),*].with_arc(store.clone())
        }

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

store_tools! {
    () look(op;);
    (read) peek(op;);
    (write) poke(op;);
    (pure) think(op;);
    (read("orders")) stock(op;);
    (write("orders")) order(op;);
    (read("account")) audit(op;);
    (write("account")) close(op;);
    (read(account = id)) balance(op, id: usize;);
    (write(account = id)) deposit(op, id: usize;);
    (write(account = id, account = to)) transfer(op, id: usize, to: usize;);
    (read(account = ids)) sum(op, ids: Vec<usize>;);
    (write(account = ids)) pool(op, ids: Vec<usize>;);
    (write("orders"), read(account = op.at % 4)) book(op;);
    (read(file = path)) cat(op, path: PathBuf;);
    (write(file = path)) edit(op, path: PathBuf;);
    (read(file = from), write(file = into)) join(op, from: Vec<PathBuf>, into: PathBuf;);
    (destructive, write(file = path)) wipe(op, path: PathBuf;);
    () note(op; notes: &mut Notes);
    (read) notes(op; notes: &Notes);
    (pure) recall(op; notes: &Notes);
    () count(op; tally: &mut Tally, notes: &Notes);
    (write) merge(op; notes: &mut Notes, tally: &mut Tally);
    (write(file = path)) jot(op, path: PathBuf; notes: &mut Notes);
    (read(account = id), max_concurrent = 2) ask(op, id: usize;);
    (write(account = id), max_concurrent = 1) send(op, id: usize;);
    (pure, max_concurrent = 1) ponder(op;);
}

/// A part of the store, as the declarations name it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// All but what is lent.
    World,
    Orders,
    Accounts,
    Account(usize),
    File(&'static str),
    Notes,
    Tally,
}

#[derive(Debug, Clone, Copy)]
struct Touch {
    place: Place,
    writes: bool,
}

impl Place {
    fn cells(self) -> u16 {
        match self {
            Self::World => 0x1fff,
            Self::Orders => 1 << ORDERS,
            Self::Accounts => 0b1111 << ACCOUNTS,
            Self::Account(id) => 1 << (ACCOUNTS + id),
            Self::File(path) => {
                let inside = FILES.iter().enumerate().filter(|(_, file)| lies_in(file, path));
                inside.fold(0, |cells, (file, _)| cells | 1 << (FIRST_FILE + file))
            }
            Self::Notes => 1 << NOTES,
            Self::Tally => 1 << TALLY,
        }
    }

    fn meets(self, other: Self) -> bool {
        use Place::{Account, Accounts, File, Notes, Tally, World};
        match (self, other) {
            (World, other) | (other, World) => !matches!(other, Notes | Tally),
            (Accounts, Account(_)) | (Account(_), Accounts) => true,
            (File(one), File(other)) => lies_in(one, other) || lies_in(other, one),
            (one, other) => one == other,
        }
    }
}

fn lies_in(file: &str, dir: &str) -> bool {
    file.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What a call touches, by the words of the guide on what its tool declares.
fn touches(name: &str, op: Op) -> Vec<Touch> {
    use Place::{Account, Accounts, File, Notes, Orders, Tally, World};
    let read = |place| Touch { place, writes: false };
    let write = |place| Touch { place, writes: true };
    let (id, to) = (op.account(), op.other_account());
    match name {
        "look" | "peek" => vec![read(World)],
        "poke" => vec![write(World)],
        "stock" => vec![read(Orders)],
        "order" => vec![write(Orders)],
        "audit" => vec![read(Accounts)],
        "close" => vec![write(Accounts)],
        "balance" | "ask" => vec![read(Account(id))],
        "deposit" | "send" => vec![write(Account(id))],
        "sum" => vec![read(Account(id)), read(Account(to))],
        "transfer" | "pool" => vec![write(Account(id)), write(Account(to))],
        "book" => vec![write(Orders), read(Account(id))],
        "cat" => vec![read(File(op.file()))],
        "edit" | "wipe" => vec![write(File(op.file()))],
        "join" => vec![read(File(op.file())), read(File(op.other_file())), write(File(op.into()))],
        "note" => vec![read(World), write(Notes)],
        "notes" => vec![read(World), read(Notes)],
        "recall" => vec![read(Notes)],
        "count" => vec![read(World), write(Tally), read(Notes)],
        "merge" => vec![write(World), write(Notes), write(Tally)],
        "jot" => vec![write(File(op.file())), write(Notes)],
        "think" | "ponder" => vec![],
        other => unreachable!("{other}"),
    }
}

/// Those that declare that they do not write.
const HARMLESS: [&str; 11] = [
    "peek", "think", "stock", "audit", "balance", "sum", "cat", "notes", "recall", "ask", "ponder",
];

/// Those of which only so many run at the same time.
const LIMITED: [&str; 3] = ["ask", "send", "ponder"];

impl Op {
    fn account(self) -> usize {
        self.at % 4
    }

    fn other_account(self) -> usize {
        self.to % 4
    }

    fn file(self) -> &'static str {
        FILES[self.at]
    }

    fn other_file(self) -> &'static str {
        FILES[self.to]
    }

    fn into(self) -> &'static str {
        FILES[usize::try_from(self.by).unwrap() % FILES.len()]
    }

    fn arguments(self, name: &str) -> String {
        let mut arguments = json!({ "op": self });
        let mut add = |argument: &str, value: Value| arguments[argument] = value;
        let (id, to) = (self.account(), self.other_account());
        match name {
            "balance" | "deposit" | "ask" | "send" => add("id", id.into()),
            "transfer" => {
                add("id", id.into());
                add("to", to.into());
            }
            "sum" | "pool" => add("ids", json!([id, to])),
            "cat" | "edit" | "wipe" | "jot" => add("path", self.file().into()),
            "join" => {
                add("from", json!([self.file(), self.other_file()]));
                add("into", self.into().into());
            }
            _ => {}
        }
        arguments.to_string()
    }

    /// Whether its body ends before it has an effect.
    fn ends_early(self) -> bool {
        matches!(self.mood, Mood::FailsEarly | Mood::PanicsEarly | Mood::HangsEarly)
    }

    fn hangs(self) -> bool {
        matches!(self.mood, Mood::HangsEarly | Mood::HangsLate)
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Call {
    Good(&'static str, Op),
    BadArguments(&'static str),
    CutOff(&'static str),
    Unknown,
}

/// What may be among random calls.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mix {
    pub(crate) verdicts: bool,
    pub(crate) tool_limits: bool,
    /// Several runs, between which reads without a name are not ordered: nothing may follow from them.
    pub(crate) several: bool,
}

impl Call {
    fn random(dice: &mut Dice, n: usize, allowed: Mix) -> Self {
        let name = loop {
            let name = NAMES[dice.roll(NAMES.len())];
            if (allowed.tool_limits || !LIMITED.contains(&name))
                && (allowed.verdicts || name != "wipe")
                && !(allowed.several && ["note", "count"].contains(&name))
            {
                break name;
            }
        };
        match dice.roll(30) {
            0 => return Self::BadArguments(name),
            1 => return Self::CutOff(name),
            2 => return Self::Unknown,
            _ => {}
        }
        let mood = match dice.roll(20) {
            0 => Mood::FailsEarly,
            1 => Mood::FailsLate,
            2 => Mood::PanicsEarly,
            3 => Mood::PanicsLate,
            4 => Mood::HangsEarly,
            5 => Mood::HangsLate,
            _ => Mood::Good,
        };
        let verdict = match dice.roll(10) {
            0 if allowed.verdicts => Verdict::Allowed,
            1 if allowed.verdicts => Verdict::Denied,
            2 if allowed.verdicts => Verdict::Forbidden,
            _ => Verdict::Unasked,
        };
        let (at, to, by) = (dice.roll(6), dice.roll(6), dice.roll(1000) as u64);
        Self::Good(name, Op { n, at, to, by, mood, verdict })
    }

    fn write(self, response: Response) -> Response {
        match self {
            Self::Good(name, op) => response.call(name, op.arguments(name)),
            Self::BadArguments(name) => response.call(name, r#"{"op":{"n":"one"},"more":1}"#),
            Self::CutOff(name) => response.call(name, r#"{"op":{"n":1,"at":0,"by":"#),
            Self::Unknown => response.call("forget", "{}"),
        }
    }

    fn touches(self) -> Vec<Touch> {
        match self {
            Self::Good(_, op) if op.verdict == Verdict::Forbidden => vec![],
            Self::Good(name, op) => touches(name, op),
            _ => vec![],
        }
    }

    /// Whether the later one of these has to wait, both being of one run.
    pub(crate) fn conflicts_with(self, other: Self) -> bool {
        self.meets(other, |_| true)
    }

    /// The same for two runs, between which a read without a name is not ordered.
    pub(crate) fn conflicts_across_runs_with(self, other: Self) -> bool {
        self.meets(other, |touch| touch.writes || touch.place != Place::World)
    }

    fn meets(self, other: Self, counts: impl Fn(&Touch) -> bool) -> bool {
        let others = other.touches();
        self.touches().iter().filter(|touch| counts(touch)).any(|one| {
            let mut others = others.iter().filter(|touch| counts(touch));
            others.any(|other| (one.writes || other.writes) && one.place.meets(other.place))
        })
    }

    /// Whether it reads something without a name.
    fn reads_unnamed(self) -> bool {
        self.touches().iter().any(|touch| touch.place == Place::World && !touch.writes)
    }

    /// How long its body runs.
    pub(crate) fn takes(self, times: &Times) -> u64 {
        let Self::Good(_, op) = self else {
            return 0;
        };
        let [early, late, _] = times[op.n];
        match op {
            Op { verdict: Verdict::Denied | Verdict::Forbidden, .. } => 0,
            op if op.hangs() => TIMEOUT,
            op if op.ends_early() => early,
            _ => early + late,
        }
    }

    /// When it is decided over.
    pub(crate) fn decided(self, times: &Times) -> u64 {
        match self {
            Self::Good(_, op) if self.is_asked() => times[op.n][DECIDING],
            _ => 0,
        }
    }

    fn is_asked(self) -> bool {
        let Self::Good(name, op) = self else { return false };
        match op.verdict {
            Verdict::Unasked => name == "wipe",
            Verdict::Allowed | Verdict::Denied => true,
            Verdict::Forbidden => false,
        }
    }

    pub(crate) fn is_denied(self) -> bool {
        matches!(self, Self::Good(_, Op { verdict: Verdict::Denied | Verdict::Forbidden, .. }))
    }

    /// Whether only the policy can see to it.
    fn needs_policy(self) -> bool {
        match self {
            Self::Good("wipe", op) => op.verdict == Verdict::Forbidden,
            Self::Good(_, op) => op.verdict != Verdict::Unasked,
            _ => false,
        }
    }

    /// Runs it after all that were before it, and tells its result; nothing, if it is not known in
    /// advance.
    fn run(self, cells: &mut Cells) -> (Status, Option<String>) {
        let Self::Good(name, op) = self else {
            return (Status::Failed, None);
        };
        if self.is_denied() {
            return (Status::NeverStarted, Some(format!("denied: {} may not", op.n)));
        }
        let value = if op.ends_early() { 0 } else { effect(cells, name, op) };
        let (status, text) = match op.mood {
            Mood::Good => (Status::Completed, value.to_string()),
            Mood::FailsEarly | Mood::FailsLate => (Status::Failed, format!("{} fails", op.n)),
            Mood::PanicsEarly | Mood::PanicsLate => {
                (Status::Failed, format!("the tool panicked: {} panics", op.n))
            }
            Mood::HangsEarly | Mood::HangsLate => {
                let may = "; it may have taken effect all the same";
                let may = if HARMLESS.contains(&name) { "" } else { may };
                (Status::TimedOut, format!("timed out after {TIMEOUT}ms{may}"))
            }
        };
        (status, Some(text))
    }
}

/// A generator of its own, so that a failure is repeated by its seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        dice.roll(2);
        dice
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    pub(crate) fn times(&mut self, calls: usize) -> Times {
        let mut time = || [0, 0, 1, 2, 5, 11][self.roll(6)];
        (0..calls).map(|_| [time(), time(), 3 * time()]).collect()
    }

    /// A random batch of at most ten calls, the first of which is the `from`th.
    pub(crate) fn batch(&mut self, from: usize, allowed: Mix) -> Vec<Call> {
        let calls = 1 + self.roll(10);
        (from..from + calls).map(|n| Call::random(self, n, allowed)).collect()
    }
}

pub(crate) fn respond(calls: &[Call]) -> Response {
    calls.iter().fold(Response::new(), |response, call| call.write(response))
}

/// The tools on a state that is emptied before each run.
pub(crate) struct Bench {
    store: Arc<Store>,
    tools: Toolset,
    joined: Toolset,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let store = Arc::new(Store::default());
        let tools = toolset(&store);
        Self { joined: toolset(&store).ledger(&tools).unwrap(), tools, store }
    }

    pub(crate) fn tools(&self) -> &Toolset {
        &self.tools
    }

    /// The same tools on the same store, bound by themselves and joined to the same ledger.
    pub(crate) fn joined_tools(&self) -> &Toolset {
        &self.joined
    }

    pub(crate) async fn empty(&self, times: &Times) {
        let Store { world, notes, tally, rests } = &*self.store;
        *world.0.lock().unwrap() = Cells::default();
        *notes.write().await = Notes::default();
        *tally.write().await = Tally::default();
        rests.times.lock().unwrap().clone_from(times);
        rests.began.lock().unwrap().clear();
    }

    pub(crate) async fn cells(&self) -> Cells {
        let Store { world, notes, tally, .. } = &*self.store;
        let mut cells = *world.0.lock().unwrap();
        (cells[NOTES], cells[TALLY]) = (notes.read().await.0, tally.read().await.0);
        cells
    }

    pub(crate) fn began(&self) -> Vec<usize> {
        self.store.rests.began.lock().unwrap().clone()
    }

    /// An agent that decides over these calls as they say.
    pub(crate) fn decide(&self, agent: Agent, mut calls: impl Iterator<Item = Call>) -> Agent {
        let store = self.store.clone();
        let limits = agent_core::Limits::default().call_timeout(ms(TIMEOUT));
        let agent = agent.limits(limits).approve(move |call| {
            let op = op(&call).unwrap();
            let wait = store.rests.times.lock().unwrap()[op.n][DECIDING];
            async move {
                sleep(ms(wait)).await;
                match op.verdict {
                    Verdict::Denied => Decision::deny(format!("{} may not", op.n)),
                    _ => Decision::Allow,
                }
            }
        });
        if !calls.any(Call::needs_policy) {
            return agent;
        }
        agent.policy(|call| match op(call) {
            // What claims nothing reads its arguments when it runs.
            None => Decision::Allow,
            Some(Op { verdict: Verdict::Forbidden, n, .. }) => {
                Decision::deny(format!("{n} may not"))
            }
            Some(Op { verdict: Verdict::Unasked, .. }) if !call.is_destructive() => Decision::Allow,
            Some(_) => Decision::Ask,
        })
    }

    /// Runs a batch on the emptied store; its outcome, and what is in the store then.
    pub(crate) async fn run(
        &self,
        calls: &[Call],
        times: &Times,
        slots: Option<usize>,
    ) -> (Outcome, Cells) {
        self.empty(times).await;
        let agent = Agent::new(once(respond(calls))).tools(self.tools.clone());
        let mut agent = self.decide(agent, calls.iter().copied());
        if let Some(slots) = slots {
            agent = agent.concurrency(slots);
        }
        // Longer than all of its calls one by one.
        let run = timeout(ms(10_000), agent.run("go")).await;
        let outcome = run.unwrap_or_else(|_| panic!("{calls:?} never end")).unwrap();
        (outcome, self.cells().await)
    }
}

impl Bench {
    /// Runs batches beside each other; the first comes to the ledger first.
    pub(crate) async fn run_all(&self, batches: &[Vec<Call>], times: &Times) -> Vec<Outcome> {
        self.empty(times).await;
        let runs = batches.iter().map(|calls| {
            let agent = Agent::new(once(respond(calls))).tools(self.tools.clone());
            let agent = self.decide(agent, calls.iter().copied());
            async move { agent.run("go").await.unwrap() }
        });
        futures::future::join_all(runs).await
    }
}

fn op(call: &agent_core::Call) -> Option<Op> {
    Op::deserialize(&call.arguments()["op"]).ok()
}

pub(crate) fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// Runs a call in `cells`, and compares its result.
pub(crate) fn check(result: &agent_core::ToolResult, call: Call, cells: &mut Cells, several: bool) {
    let (status, text) = call.run(cells);
    assert_eq!(result.status(), status, "{call:?}: {result:?}");
    match (call, text) {
        (Call::Good(..), _) if several && call.reads_unnamed() => {}
        (_, Some(text)) => assert_eq!(result.text(), text, "{call:?}"),
        (Call::Unknown, None) => assert!(result.text().starts_with("there is no tool")),
        _ => assert!(result.text().starts_with("invalid arguments: "), "{call:?}: {result:?}"),
    }
}
