//! Conversations beside each other on one ledger.

use agent_core::{Agent, Response, ScriptedModel, ToolResult, Transcript};
use futures::future::join_all;
use std::sync::{Arc, Mutex};
use tokio::time::timeout;

use super::seeds::{each_seed, share};
use agent_tests::support::dice::Dice;
use agent_tests::support::ms;
use agent_tests::support::store::{Bench, Call, Cells, Mix, check, paused, respond};

const SEVERAL: Mix = Mix { verdicts: false, tool_limits: true, several: true };

/// The batches of a conversation, each after a time of thinking.
type Talk = Vec<(u64, Vec<Call>)>;

fn talks(dice: &mut Dice, mix: Mix) -> Vec<Talk> {
    let (mut n, runs) = (0, 2 + dice.roll(2));
    let mut talk = |dice: &mut Dice| {
        let turns = 1 + dice.roll(2);
        let turns = (0..turns).map(|_| {
            let calls = dice.batch(n, mix);
            n += calls.len();
            ([0, 0, 1, 4, 9][dice.roll(5)], calls)
        });
        turns.collect()
    };
    (0..runs).map(|_| talk(dice)).collect()
}

fn calls(talk: &Talk) -> impl Iterator<Item = &Call> {
    talk.iter().flat_map(|(_, calls)| calls)
}

/// How conversations went.
struct Went {
    results: Vec<Vec<ToolResult>>,
    /// The batches in the order in which they came to the ledger: a conversation and a turn.
    came: Vec<(usize, usize)>,
    cells: Cells,
}

/// Runs conversations beside each other on one ledger, each with or without a limit on concurrency.
async fn hold(bench: &Bench, talks: &[Talk], dice: &mut Dice) -> Went {
    bench.prepare(talks.iter().flat_map(calls), &dice.times(60)).await;
    let slots = [None, Some(1), Some(2), Some(3)];
    let slots: Vec<_> = talks.iter().map(|_| slots[dice.roll(4)]).collect();
    let order = Arc::new(Mutex::new(Vec::new()));
    let agents = talks.iter().zip(slots).enumerate().map(|(run, (talk, slots))| {
        let mut model = ScriptedModel::new();
        for (turn, (latency, calls)) in talk.iter().enumerate() {
            let (order, response) = (order.clone(), respond(calls));
            model = model.latency(ms(*latency)).turn(move |_| {
                order.lock().unwrap().push((run, turn));
                response.clone()
            });
        }
        let model = model.turn(|_| Response::new().with_text("done"));
        let tools = if run == 1 { bench.joined_tools() } else { bench.tools() };
        let agent = bench.decide(Agent::new(model).tools(tools.clone()), calls(talk).copied());
        if let Some(slots) = slots { agent.concurrency(slots) } else { agent }
    });
    let runs = agents.map(|agent| async move {
        let mut chat = agent.conversation(Transcript::default());
        chat.send("go").await.unwrap();
        chat.transcript().results().cloned().collect::<Vec<_>>()
    });
    let results = timeout(ms(100_000), join_all(runs)).await.expect("all of them end");
    let came = order.lock().unwrap().clone();
    Went { results, came, cells: bench.cells().await }
}

/// Compares with all calls run in this order: a conversation, and the position of its call.
fn check_in_order(talks: &[Talk], went: &Went, order: &[(usize, usize)]) {
    let calls: Vec<Vec<_>> = talks.iter().map(|talk| calls(talk).collect()).collect();
    let mut serial = Cells::default();
    for &(run, at) in order {
        check(&went.results[run][at], *calls[run][at], &mut serial, true);
    }
    assert_eq!(order.len(), went.results.iter().map(Vec::len).sum::<usize>());
    assert_eq!(went.cells, serial, "{talks:?}");
}

fn batches(talks: Vec<Talk>) -> Vec<Vec<Call>> {
    talks.into_iter().flatten().map(|(_, calls)| calls).collect()
}

#[test]
fn conversations_beside_each_other_equal_their_batches_in_the_order_in_which_they_came() {
    let (runtime, bench) = (paused(), Bench::new());
    each_seed("of conversations", 5_000_000, share(20), SEVERAL, |dice| {
        let talks = talks(dice, SEVERAL);
        let went = runtime.block_on(hold(&bench, &talks, dice));
        let mut order = Vec::new();
        for &(run, turn) in &went.came {
            let before = talks[run][..turn].iter().map(|(_, calls)| calls.len()).sum();
            let calls = talks[run][turn].1.len();
            order.extend((before..before + calls).map(|at| (run, at)));
        }
        check_in_order(&talks, &went, &order);
        batches(talks)
    });
}

/// A call that somebody decides over comes to the ledger only then. So they are compared with the
/// order in which the bodies began, and that with the model's.
#[test]
fn conversations_that_wait_for_decisions_equal_their_calls_in_the_order_in_which_they_began() {
    let (runtime, bench) = (paused(), Bench::new());
    let mix = Mix { verdicts: true, ..SEVERAL };
    each_seed("of conversations that are decided over", 6_000_000, share(15), mix, |dice| {
        let talks = talks(dice, mix);
        let went = runtime.block_on(hold(&bench, &talks, dice));
        let began = bench.began();
        let mut order = Vec::new();
        for (run, talk) in talks.iter().enumerate() {
            let calls = calls(talk).enumerate();
            order.extend(calls.map(|(at, call)| (began_at(&began, *call), run, at)));
            for (_, calls) in talk {
                check_model_order(&began, calls);
            }
        }
        // Those that never began come first: they do nothing.
        order.sort_unstable();
        let order: Vec<_> = order.into_iter().map(|(_, run, at)| (run, at)).collect();
        check_in_order(&talks, &went, &order);
        batches(talks)
    });
}

fn began_at(began: &[usize], call: Call) -> Option<usize> {
    let Call::Good(_, op) = call else { return None };
    began.iter().position(|n| *n == op.n)
}

/// Those that conflict began in the order of their batch, and those that are denied not at all.
fn check_model_order(began: &[usize], calls: &[Call]) {
    for (n, call) in calls.iter().enumerate() {
        let Some(at) = began_at(began, *call) else { continue };
        assert!(!call.is_denied(), "{call:?}");
        let before = calls[..n].iter().filter(|earlier| earlier.conflicts_with(*call));
        for earlier in before.filter(|earlier| !earlier.is_denied()) {
            let before = began_at(began, *earlier);
            assert!(before.is_some_and(|before| before < at), "{earlier:?} and then {call:?}");
        }
    }
}
