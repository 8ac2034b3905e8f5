//! The ledger alone: admission and end of a call, for patterns of claims and from 8 to 100,000
//! calls.

#![allow(missing_docs, clippy::indexing_slicing, clippy::cast_precision_loss, reason = "a bench")]

mod support;

use agent_core::__private::admit_and_finish;
use agent_core::Claims;
use std::hint::black_box;
use std::path::Path;
use support::{compare, judge};

/// Adds the claims of the nth of so many calls.
type Pattern = fn(&mut Claims, usize, usize);

const PATTERNS: [(&str, Pattern); 9] = [
    ("writes of different keys", |claims, at, _| own_file(claims, at, true)),
    ("writes of one key", |claims, _, _| own_file(claims, 0, true)),
    ("one write of all, then reads of all", |claims, at, _| match at {
        0 => claims.write(),
        _ => claims.read(),
    }),
    ("reads of keys, then one write of all", |claims, at, calls| match at + 1 == calls {
        true => claims.write(),
        false => own_file(claims, at, false),
    }),
    ("half reads of all, half writes of keys", |claims, at, calls| match at < calls / 2 {
        true => claims.read(),
        false => own_file(claims, at, true),
    }),
    ("read of all, write of a key, in turns", |claims, at, _| match at % 2 {
        0 => claims.read(),
        _ => own_file(claims, at, true),
    }),
    ("two keys each, a chain", |claims, at, _| {
        own_file(claims, at, true);
        own_file(claims, at + 1, true);
    }),
    ("reads of all", |claims, _, _| claims.read()),
    ("no claims", |_, _, _| {}),
];

fn own_file(claims: &mut Claims, at: usize, writes: bool) {
    let path = format!("src/f{at}");
    match writes {
        true => claims.write_key("file", Path::new(&path)),
        false => claims.read_key("file", Path::new(&path)),
    }
}

fn nanos_a_call(pattern: Pattern, calls: usize) -> f64 {
    let claimed: Vec<_> = (0..calls)
        .map(|at| {
            let mut claims = Claims::default();
            pattern(&mut claims, at, calls);
            claims
        })
        .collect();
    assert_eq!(admit_and_finish(&claimed), calls, "each call ends");
    let times = u32::try_from(20_000 / calls).unwrap_or(1).max(1);
    let [nanos] = compare(
        times,
        [&mut |times| {
            for _ in 0..times {
                black_box(admit_and_finish(black_box(&claimed)));
            }
        }],
    );
    nanos / calls as f64
}

fn main() {
    for (what, pattern) in PATTERNS {
        let sizes = [8, 1_000, 10_000, 100_000];
        let each = sizes.map(|calls| nanos_a_call(pattern, calls));
        let figures: Vec<_> = each.iter().map(|nanos| format!("{nanos:>6.0}")).collect();
        println!("{what:<40} ns a call among {sizes:?}: {}", figures.join(" "));
        // Caches hold a smaller share of 100,000 calls, so a call may take longer although the work
        // is the same.
        judge("  a call among 100,000, times one of 1,000", each[3] / each[1], 5.0);
    }
}
