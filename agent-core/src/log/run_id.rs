//! The id of a run.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// The id of a run, which its [events](crate::Event), its [outcome](crate::Outcome::run_id) and its
/// [pending calls](crate::PendingCall) carry.
///
/// It is unique in its process, and has a random prefix that differs between processes. It is displayed and
/// serialised as a short text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunId {
    process: u64,
    number: u64,
}

impl RunId {
    /// The id of a new run.
    pub(crate) fn new() -> Self {
        static PROCESS: LazyLock<u64> =
            LazyLock::new(|| RandomState::new().hash_one(SystemTime::now()));
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { process: *PROCESS, number: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// The id of a run in a test.
    #[cfg(test)]
    pub(crate) fn numbered(number: u64) -> Self {
        Self { process: 0, number }
    }

    /// The number of the run in this process.
    pub(crate) fn number(self) -> u64 {
        self.number
    }

    fn parse(text: &str) -> Option<Self> {
        let (process, number) = text.split_once('-')?;
        let id =
            Self { process: u64::from_str_radix(process, 16).ok()?, number: number.parse().ok()? };
        // One text for one id.
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.process, self.number)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunId({self})")
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not the id of a run"))
    }
}
