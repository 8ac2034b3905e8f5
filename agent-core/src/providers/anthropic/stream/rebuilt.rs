//! A block as its JSON would be if it had come whole.

use serde::ser::{Error, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use crate::providers::members::each;

/// What was streamed of a member.
pub(super) enum Member {
    Text(String),
    /// Pieces of JSON, which are some together.
    Json(String),
    List(Vec<Box<RawValue>>),
    Raw(Box<RawValue>),
}

impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Json(json) => {
                let raw: &RawValue = serde_json::from_str(json).map_err(S::Error::custom)?;
                raw.serialize(serializer)
            }
            Self::List(list) => list.serialize(serializer),
            Self::Raw(raw) => raw.serialize(serializer),
        }
    }
}

/// The members with which a block began, byte for byte, and in their places those that were streamed.
pub(super) struct Rebuilt<'a> {
    pub(super) raw: &'a RawValue,
    pub(super) members: &'a [(String, Member)],
}

impl Serialize for Rebuilt<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut left: SmallVec<[_; 4]> = self.members.iter().collect();
        let mut written = Ok(());
        let read = each(self.raw.get(), |name, raw| {
            if written.is_err() {
                return;
            }
            written = match left.iter().position(|(streamed, _)| *streamed == name) {
                Some(at) => map.serialize_entry(&name, &left.remove(at).1),
                // One of a name that was there twice.
                None if self.members.iter().any(|(streamed, _)| *streamed == name) => Ok(()),
                None => map.serialize_entry(&name, raw),
            };
        });
        read.map_err(S::Error::custom)?;
        written?;
        for (name, member) in left {
            map.serialize_entry(name, member)?;
        }
        map.end()
    }
}
