//! Where the tool of a name is in a sorted list: by a hash of the name.

const FREE: u16 = u16::MAX;

/// How many slots an index over this many names has: a power of two, at most half of them taken.
///
/// # Panics
///
/// With more names than a `u16` counts: the compiler shows the message.
#[must_use]
pub const fn slots(names: usize) -> usize {
    assert!(names < FREE as usize / 2, "a list of tools has at most 32766 of them");
    (2 * names + 1).next_power_of_two()
}

/// An open-addressed index: a name's hash names the slot with its position in `order`, or the
/// slots after it do.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "`get` is not const; slots are taken modulo N")]
pub const fn index<const N: usize>(names: &[&str], order: &[u16]) -> [u16; N] {
    let mut index = [FREE; N];
    let mut at = 0;
    while at < order.len() {
        let mut slot = slot(names[order[at] as usize], N);
        while index[slot] != FREE {
            slot = (slot + 1) % N;
        }
        #[expect(clippy::cast_possible_truncation, reason = "`slots` refuses more than u16::MAX")]
        {
            index[slot] = at as u16;
        }
        at += 1;
    }
    index
}

/// The first slot of a name: eight bytes at a time, multiplied and folded.
const fn slot(name: &str, slots: usize) -> usize {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = name.len() as u64;
    let mut rest = name.as_bytes();
    while let Some((chunk, tail)) = rest.split_first_chunk() {
        hash = (hash ^ u64::from_le_bytes(*chunk)).wrapping_mul(FACTOR);
        hash ^= hash >> 32;
        rest = tail;
    }
    while let Some((byte, tail)) = rest.split_first() {
        hash = (hash << 8) ^ (hash >> 56) ^ *byte as u64;
        rest = tail;
    }
    hash = hash.wrapping_mul(FACTOR);
    (hash >> 32) as usize & (slots - 1)
}

/// The position that `index` gives for a name, if `is` confirms it.
pub(crate) fn find(index: &[u16], name: &str, is: impl Fn(usize) -> bool) -> Option<usize> {
    let first = slot(name, index.len());
    let probes = index.iter().cycle().skip(first).take(index.len());
    let taken = probes.copied().take_while(|&position| position != FREE);
    taken.map(usize::from).find(|&position| is(position))
}

/// An index over names that are known at run time only; they are sorted already.
pub(crate) fn index_of(names: &[&str]) -> Box<[u16]> {
    let slots = slots(names.len());
    let mut index = vec![FREE; slots];
    for (position, name) in names.iter().enumerate() {
        let first = slot(name, slots);
        let free =
            (0..slots).map(|step| (first + step) % slots).find(|&at| index.get(at) == Some(&FREE));
        if let Some(entry) = free.and_then(|at| index.get_mut(at)) {
            *entry = u16::try_from(position).unwrap_or(FREE);
        }
    }
    index.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolset::table::order;

    #[test]
    fn names_are_found_and_others_are_not() {
        const NAMES: &[&str] = &["read", "edit", "a", "a_rather_long_tool_name", "b"];
        const ORDER: [u16; 5] = order(NAMES);
        const INDEX: [u16; slots(5)] = index(NAMES, &ORDER);
        assert_eq!(ORDER, [2, 3, 4, 1, 0]);
        let sorted = ORDER.map(|at| NAMES[usize::from(at)]);
        assert_eq!(index_of(&sorted)[..], INDEX);
        for (position, name) in sorted.iter().enumerate() {
            assert_eq!(find(&INDEX, name, |at| sorted[at] == *name), Some(position));
        }
        assert_eq!(find(&INDEX, "rea", |at| sorted[at] == "rea"), None);
        assert_eq!(find(&index_of(&[]), "x", |_| true), None);
    }
}
