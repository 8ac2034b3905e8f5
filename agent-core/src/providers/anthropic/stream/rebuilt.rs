//! Rebuilds a streamed block as the JSON that an answer without streaming would hold.

use serde::ser::{Error, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use crate::providers::json_members::each;

/// The streamed value of a member.
pub(super) enum Member {
    Text(String),
    /// Pieces of the block's input.
    Json(String),
    List(Vec<Box<RawValue>>),
    Raw(Box<RawValue>),
}

/// The members with which a block began, byte for byte; those that were streamed are in their
/// places.
pub(super) struct Rebuilt<'a> {
    pub(super) raw: &'a RawValue,
    pub(super) members: &'a [(String, Member)],
    /// The joined pieces of the input; `None` keeps the input with which the block began.
    pub(super) input: Option<&'a RawValue>,
}

impl Rebuilt<'_> {
    fn write<M: SerializeMap>(
        &self,
        map: &mut M,
        name: &str,
        member: &Member,
    ) -> Result<(), M::Error> {
        match member {
            Member::Text(text) => map.serialize_entry(name, text),
            Member::Json(_) => map.serialize_entry(name, &self.input),
            Member::List(list) => map.serialize_entry(name, list),
            Member::Raw(raw) => map.serialize_entry(name, raw),
        }
    }
}

impl Serialize for Rebuilt<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let is_streamed =
            |(_, member): &&_| self.input.is_some() || !matches!(member, Member::Json(_));
        let streamed: SmallVec<[&(String, Member); 4]> =
            self.members.iter().filter(is_streamed).collect();
        let mut left = streamed.clone();
        let mut written = Ok(());
        let read = each(self.raw.get(), |name, raw| {
            if written.is_err() {
                return;
            }
            written = match left.iter().position(|(its, _)| *its == name) {
                Some(at) => self.write(&mut map, &name, &left.remove(at).1),
                // A second member of the same name.
                None if streamed.iter().any(|(its, _)| *its == name) => Ok(()),
                None => map.serialize_entry(&name, raw),
            };
        });
        read.map_err(S::Error::custom)?;
        written?;
        for (name, member) in left {
            self.write(&mut map, name, member)?;
        }
        map.end()
    }
}
