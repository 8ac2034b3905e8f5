//! A shared text.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::{Deref, Range};
use std::ptr;
use std::sync::Arc;

/// A separate text, or a part of a block that a provider sent. The arguments of a call are a part
/// of its block and can be megabytes, so they are not copied.
#[derive(Clone)]
pub(crate) enum SharedText {
    Whole(Arc<str>),
    Part(Arc<BlockPart>),
}

/// Behind a pointer, so that the other variant is not larger.
pub(crate) struct BlockPart {
    block: Arc<Box<RawValue>>,
    range: Range<usize>,
}

impl SharedText {
    /// Shares `text` with the block if it is a slice of it; copies it otherwise.
    #[cfg_attr(
        not(any(feature = "anthropic", test)),
        expect(dead_code, reason = "providers read blocks")
    )]
    pub(crate) fn part_of(block: &Arc<Box<RawValue>>, text: &str) -> Self {
        let whole = block.get();
        let at = text.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
        let range = at..at.saturating_add(text.len());
        match whole.get(range.clone()) {
            Some(part) if ptr::eq(part, text) => {
                Self::Part(Arc::new(BlockPart { block: block.clone(), range }))
            }
            _ => Self::Whole(text.into()),
        }
    }

    /// Returns the text without its block: a part is copied.
    pub(crate) fn alone(&self) -> Arc<str> {
        match self {
            Self::Whole(text) => text.clone(),
            Self::Part(..) => (**self).into(),
        }
    }
}

impl Deref for SharedText {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match self {
            Self::Whole(text) => text,
            Self::Part(part) => {
                let BlockPart { block, range } = &**part;
                block.get().get(range.clone()).unwrap_or_default()
            }
        }
    }
}

impl<T: Into<Arc<str>>> From<T> for SharedText {
    fn from(text: T) -> Self {
        Self::Whole(text.into())
    }
}

impl PartialEq for SharedText {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for SharedText {}

impl fmt::Debug for SharedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl Serialize for SharedText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for SharedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Arc::deserialize(deserializer).map(Self::Whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::to_raw_value;

    #[test]
    fn a_text_that_is_a_slice_of_a_block_is_shared_with_it() {
        let block = Arc::new(to_raw_value(&[1, 22, 333]).unwrap());
        for (range, text) in [(3..5, "22"), (0..10, "[1,22,333]"), (10..10, "")] {
            let part = SharedText::part_of(&block, &block.get()[range]);
            assert!(matches!(part, SharedText::Part(..)));
            assert_eq!(&*part, text);
        }
        assert_eq!(Arc::strong_count(&block), 1);
    }

    #[test]
    fn a_text_from_elsewhere_is_copied() {
        let block = Arc::new(to_raw_value(&[1, 22, 333]).unwrap());
        for text in ["22", "", "a text that is longer than the block is"] {
            let own = SharedText::part_of(&block, text);
            assert!(matches!(own, SharedText::Whole(_)));
            assert_eq!(&*own, text);
        }
    }
}
