//! Random calls, and what each touches.

use agent_core::Response;

use super::{ACCOUNTS, DECIDING, EARLY, FILES, FIRST_FILE, LATE, NAMES, ORDERS, TIMEOUT, Times};
use super::{NOTES, TALLY};
use crate::support::dice::Dice;

/// What a call does, and how it ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Op {
    /// Which call it is.
    pub n: usize,
    pub(super) at: usize,
    pub(super) to: usize,
    pub(super) by: u64,
    pub(super) mood: Mood,
    pub(super) verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mood {
    Good,
    FailsEarly,
    FailsLate,
    PanicsEarly,
    PanicsLate,
    HangsEarly,
    HangsLate,
}

/// What is decided over a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// Nobody is asked, unless its tool is destructive.
    Unasked,
    Allowed,
    Denied,
    /// The policy says no, and nobody is asked.
    Forbidden,
}

/// Sets of cells, a bit for each.
pub(super) struct Sets {
    pub(super) touched: u16,
    pub(super) written: u16,
}

impl Sets {
    pub(super) fn of(name: &str, op: Op) -> Self {
        let (mut touched, mut written) = (0, 0);
        for Touch { place, writes } in touches(name, op) {
            let cells = place.cells();
            touched |= cells;
            written |= if writes { cells } else { 0 };
        }
        Self { touched, written }
    }
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
        "peek" => vec![read(World)],
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
        "count" => vec![write(Tally), read(Notes)],
        "merge" => vec![write(World), write(Notes), write(Tally)],
        "jot" => vec![write(File(op.file())), write(Notes)],
        "think" | "ponder" => vec![],
        other => unreachable!("{other}"),
    }
}

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
        let Self { n, at, .. } = self;
        let (id, to) = (self.account(), self.other_account());
        let (file, other, into) = (self.file(), self.other_file(), self.into());
        match name {
            "balance" | "deposit" | "ask" | "send" => format!(r#"{{"n":{n},"id":{id}}}"#),
            "transfer" => format!(r#"{{"n":{n},"id":{id},"to":{to}}}"#),
            "sum" | "pool" => format!(r#"{{"n":{n},"ids":[{id},{to}]}}"#),
            "book" => format!(r#"{{"n":{n},"at":{at}}}"#),
            "cat" | "edit" | "wipe" | "jot" => format!(r#"{{"n":{n},"path":"{file}"}}"#),
            "join" => format!(r#"{{"n":{n},"from":["{file}","{other}"],"into":"{into}"}}"#),
            _ => format!(r#"{{"n":{n}}}"#),
        }
    }

    /// Whether its body ends before it has an effect.
    pub(super) fn ends_early(self) -> bool {
        matches!(self.mood, Mood::FailsEarly | Mood::PanicsEarly | Mood::HangsEarly)
    }

    fn hangs(self) -> bool {
        matches!(self.mood, Mood::HangsEarly | Mood::HangsLate)
    }
}

#[derive(Debug, Clone, Copy)]
pub enum Call {
    Good(&'static str, Op),
    BadArguments(&'static str),
    CutOff(&'static str),
    Unknown,
}

/// What may be among random calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mix {
    pub verdicts: bool,
    pub tool_limits: bool,
    /// Several runs, between which reads without a name are not ordered: nothing may follow from them.
    pub several: bool,
}

impl Call {
    pub(super) fn random(dice: &mut Dice, n: usize, allowed: Mix) -> Self {
        let name = loop {
            let name = NAMES[dice.roll(NAMES.len())];
            if (allowed.tool_limits || !LIMITED.contains(&name))
                && (allowed.verdicts || name != "wipe")
                && !(allowed.several && name == "note")
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

    pub(super) fn write(self, response: Response) -> Response {
        match self {
            Self::Good(name, op) => response.call(name, op.arguments(name)),
            Self::BadArguments(name) => response.call(name, r#"{"n":"one","more":1}"#),
            Self::CutOff(name) => response.call(name, r#"{"n":1,"at":"#),
            Self::Unknown => response.call("forget", "{}"),
        }
    }

    /// In which ways it counts, by the words that are printed.
    pub fn kinds(self) -> Vec<&'static str> {
        let (name, op) = match self {
            Self::Good(name, op) => (name, op),
            Self::BadArguments(_) | Self::CutOff(_) => return vec!["unreadable"],
            Self::Unknown => return vec!["unknown"],
        };
        let touched = touches(name, op);
        let mut kinds: Vec<_> = touched.iter().map(|touch| touch.kind()).collect();
        kinds.extend((touched.is_empty()).then_some("pure"));
        kinds.extend(LIMITED.contains(&name).then_some("tool limit"));
        kinds.extend(match op.mood {
            Mood::Good => None,
            Mood::FailsEarly | Mood::FailsLate => Some("failure"),
            Mood::PanicsEarly | Mood::PanicsLate => Some("panic"),
            Mood::HangsEarly | Mood::HangsLate => Some("timeout"),
        });
        kinds.extend(match op.verdict {
            Verdict::Unasked if name != "wipe" => None,
            Verdict::Unasked | Verdict::Allowed => Some("approved"),
            Verdict::Denied => Some("refused"),
            Verdict::Forbidden => Some("forbidden"),
        });
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    fn touches(self) -> Vec<Touch> {
        match self {
            Self::Good(_, op) if op.verdict == Verdict::Forbidden => vec![],
            Self::Good(name, op) => touches(name, op),
            _ => vec![],
        }
    }

    /// Whether the later one of these has to wait, both being of one run.
    pub fn conflicts_with(self, other: Self) -> bool {
        self.meets(other, |_| true)
    }

    /// The same for two runs, between which a read without a name is not ordered.
    pub fn conflicts_across_runs_with(self, other: Self) -> bool {
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
    pub(super) fn reads_unnamed(self) -> bool {
        self.touches().iter().any(|touch| touch.place == Place::World && !touch.writes)
    }

    /// How long its body runs.
    pub fn takes(self, times: &Times) -> u64 {
        let Self::Good(_, op) = self else {
            return 0;
        };
        let (early, late) = (times[op.n][EARLY], times[op.n][LATE]);
        match op {
            Op { verdict: Verdict::Denied | Verdict::Forbidden, .. } => 0,
            op if op.hangs() => TIMEOUT,
            op if op.ends_early() => early,
            _ => early + late,
        }
    }

    /// When it is decided over.
    pub fn decided(self, times: &Times) -> u64 {
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

    pub fn is_denied(self) -> bool {
        matches!(self, Self::Good(_, Op { verdict: Verdict::Denied | Verdict::Forbidden, .. }))
    }

    /// Whether only the policy can see to it.
    pub(super) fn needs_policy(self) -> bool {
        match self {
            Self::Good("wipe", op) => op.verdict == Verdict::Forbidden,
            Self::Good(_, op) => op.verdict != Verdict::Unasked,
            _ => false,
        }
    }
}

impl Touch {
    fn kind(self) -> &'static str {
        match (self.place, self.writes) {
            (Place::World, false) => "unnamed read",
            (Place::World, true) => "unnamed write",
            (Place::Orders | Place::Accounts, _) => "whole resource",
            (Place::Account(_), _) => "key",
            (Place::File(_), _) => "path",
            (Place::Notes | Place::Tally, _) => "state",
        }
    }
}
