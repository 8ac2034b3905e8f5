//! What it costs to keep the order of calls: the same batches under other rules.

use agent_core::{Agent, Outcome, ParallelToolCalls, Response, Toolset};
use agent_tests::support::{ms, once, spans, texts};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Write, stderr};
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::sleep;

/// Batches of reads and writes, 0.8 s each unless it says otherwise, and how many seconds each takes.
/// With `!` the results are others than one by one.
const TABLE: &str = "
    batch                                     | one by one | no names | all names | bare reads | unsafe
    R(a) R(b) R(c) R(d) R(e)                  | 4.0        | 0.8      | 0.8       | 0.8        | 0.8
    W(a) W(b) W(c) W(d) W(e)                  | 4.0        | 4.0      | 0.8       | 0.8        | 0.8
    R(a) R(b) R(c) R(d) W(e)                  | 4.0        | 1.6      | 0.8       | 1.6        | 0.8
    W(a) R(b) W(c) R(d) W(e) R(f)             | 4.8        | 4.8      | 0.8       | 4.8        | 0.8
    W(a) R(a) W(b) R(b) W(c) R(c)             | 4.8        | 4.8      | 1.6       | 4.8        | 0.8 !
    R(x)=3.0 W(a)=0.2 R(b)=0.2                | 3.4        | 3.4      | 3.0       | 3.4        | 3.0
    W(f)=0.3 W(f)=0.3 W(f)=0.3 R(a) R(b) R(c) | 3.3        | 1.7      | 0.9       | 1.7        | 0.8 !
";

/// The rule of a column: what its tools declare, or how its calls run.
fn agent(rule: &str, response: Response) -> Agent {
    let agent = Agent::new(once(response));
    match rule {
        "one by one" => {
            agent.tools(all_names::tools()).parallel_tool_calls(ParallelToolCalls::Never)
        }
        // As under one lock that several may read, or between barriers.
        "no names" => agent.tools(no_names::tools()),
        "all names" => agent.tools(all_names::tools()),
        "bare reads" => agent.tools(bare_reads::tools()),
        // Declared to touch nothing, which is not true.
        "unsafe" => agent.tools(all_pure::tools()),
        other => panic!("no rule {other}"),
    }
}

#[derive(Default)]
struct Parts(Mutex<BTreeMap<String, u32>>);

impl Parts {
    fn get(&self, key: &str) -> u32 {
        self.0.lock().unwrap().get(key).copied().unwrap_or_default()
    }

    /// What is there when it begins.
    async fn read(&self, key: &str, ms: u64) -> u32 {
        let value = self.get(key);
        sleep(Duration::from_millis(ms)).await;
        value
    }

    /// One more than when it begins.
    async fn write(&self, key: &str, ms: u64) -> u32 {
        let new = self.read(key, ms).await + 1;
        self.0.lock().unwrap().insert(key.to_owned(), new);
        new
    }
}

macro_rules! declared {
    ($($rule:ident($key:ident): #[tool $read:tt] #[tool $write:tt])*) => {
        $(mod $rule {
            use super::{Parts, Toolset};
            use agent_core::{tool, tools};

            /// Read a part.
            #[tool $read]
            async fn read(parts: &Parts, $key: &str, ms: u64) -> u32 {
                parts.read($key, ms).await
            }

            /// Add one to a part.
            #[tool $write]
            async fn write(parts: &Parts, $key: &str, ms: u64) -> u32 {
                parts.write($key, ms).await
            }

            pub(super) fn tools() -> Toolset {
                tools![read, write].with_state(Parts::default())
            }
        })*
    };
}

declared! {
    all_names(key): #[tool(read(part = key))] #[tool(write(part = key))]
    bare_reads(key): #[tool(read)] #[tool(write(part = key))]
    no_names(key): #[tool(read)] #[tool(write)]
    all_pure(key): #[tool(pure)] #[tool(pure)]
}

/// A response from a list such as `R(a) W(b)=0.2`.
fn response(batch: &str) -> Response {
    batch.split(' ').fold(Response::new(), |response, call| {
        let (call, seconds) = call.split_once('=').unwrap_or((call, "0.8"));
        let (name, key) = call.strip_suffix(')').unwrap().split_once('(').unwrap();
        let name = if name == "W" { "write" } else { "read" };
        let time = whole_ms(seconds);
        response.call(name, json!({"key": key, "ms": time}).to_string())
    })
}

fn whole_ms(seconds: &str) -> u64 {
    u64::try_from(Duration::from_secs_f64(seconds.parse().unwrap()).as_millis()).unwrap()
}

async fn run(rule: &str, batch: &str) -> Outcome {
    agent(rule, response(batch)).run("go").await.unwrap()
}

fn cells(line: &str) -> Vec<&str> {
    line.split('|').map(str::trim).collect()
}

#[tokio::test(start_paused = true)]
async fn each_batch_takes_as_long_under_each_rule_as_the_table_says() {
    let mut lines = TABLE.trim().lines();
    let rules = cells(lines.next().unwrap());
    for line in lines {
        let row = cells(line);
        let one_by_one = run("one by one", row[0]).await;
        for (rule, cell) in rules.iter().zip(&row).skip(1) {
            let (seconds, differs) = match cell.strip_suffix(" !") {
                Some(seconds) => (seconds, true),
                None => (*cell, false),
            };
            let outcome = run(rule, row[0]).await;
            // To the nanosecond.
            assert_eq!(outcome.elapsed(), ms(whole_ms(seconds)), "{rule}: {}", row[0]);
            let same = texts(outcome.transcript()) == texts(one_by_one.transcript());
            assert_eq!(same, !differs, "{rule}: {}", row[0]);
        }
        writeln!(stderr(), "as said: {}", line.trim()).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn five_writes_of_five_keys_take_0_8_s() {
    let outcome = run("all names", "W(a) W(b) W(c) W(d) W(e)").await;
    assert_eq!((spans(&outcome), outcome.elapsed()), (vec![(0, 800); 5], ms(800)));
}

#[tokio::test(start_paused = true)]
async fn a_write_and_a_read_of_each_of_three_keys_take_1_6_s() {
    let outcome = run("all names", "W(a) R(a) W(b) R(b) W(c) R(c)").await;
    assert_eq!(spans(&outcome), [[(0, 800), (800, 1600)]; 3].concat());
    assert_eq!(outcome.elapsed(), ms(1600));
    assert_eq!(texts(outcome.transcript()), ["1"; 6]);
}

#[tokio::test(start_paused = true)]
async fn four_named_reads_and_a_write_of_another_key_take_0_8_s() {
    for batch in ["R(a) R(b) R(c) R(d) W(e)", "R(a) R(b) W(e) R(c) R(d)"] {
        let outcome = run("all names", batch).await;
        assert_eq!((spans(&outcome), outcome.elapsed()), (vec![(0, 800); 5], ms(800)));
    }
}
