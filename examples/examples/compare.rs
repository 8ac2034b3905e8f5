//! The same agent twice: its calls one by one, and all at once.
//!
//! `cargo run --example compare -- [--calls N] [--ms M] [--json]`
//!
//! The model is scripted and answers at once, so what is measured is the calls and what the library
//! adds to them. The ideal is an agent that adds nothing: the time of one call when all run
//! together (`ideal_ms`), the sum of all when they run one by one.

use std::process::ExitCode;
use std::time::Duration;

use agent_core::{Agent, CallSpan, Outcome, Response, RunError, ScriptedModel, tool, tools};
use serde::Serialize;
use serde_json::json;

/// What a call takes: state of the program, not an argument from the model.
struct Takes(Duration);

/// Fetch a page.
#[tool(read)]
async fn fetch(takes: &Takes, page: u32) -> String {
    tokio::time::sleep(takes.0).await;
    format!("page {page}")
}

fn agent(Options { calls, ms, .. }: Options) -> Agent {
    let model = ScriptedModel::new()
        .turn(move |_| {
            let call = |page| json!({ "page": page }).to_string();
            (1..=calls).fold(Response::new(), |response, page| response.call("fetch", call(page)))
        })
        .turn(|request| {
            let good = request.results().iter().filter(|result| !result.is_error()).count();
            Response::new().with_text(format!("{good} pages"))
        });
    let takes = Takes(Duration::from_millis(ms.into()));
    Agent::new(model).tools(tools![fetch].with_state(takes))
}

#[derive(Serialize)]
struct Figures {
    calls: u32,
    tool_ms: u32,
    sequential_ms: f64,
    parallel_ms: f64,
    ideal_ms: u32,
    speedup: f64,
}

impl Figures {
    fn of(Options { calls, ms, .. }: Options, one_by_one: &Outcome, together: &Outcome) -> Self {
        let [slow, fast] = [one_by_one, together].map(|run| run.elapsed().as_secs_f64() * 1e3);
        Self {
            calls,
            tool_ms: ms,
            sequential_ms: (slow * 10.0).round() / 10.0,
            parallel_ms: (fast * 10.0).round() / 10.0,
            ideal_ms: ms,
            speedup: (slow / fast * 100.0).round() / 100.0,
        }
    }

    fn print(&self) {
        let row = |name, measured: f64, ideal: u32| {
            let ratio = measured / f64::from(ideal);
            println!("{name:14}{measured:>9.1} ms{ideal:>9} ms{ratio:>22.3}");
        };
        println!("{:14}{:>12}{:>12}{:>22}", "", "measured", "ideal", "measured / ideal");
        row("one by one", self.sequential_ms, self.calls * self.ideal_ms);
        row("all at once", self.parallel_ms, self.ideal_ms);
        println!("{:14}{:>10.2} x{:>10} x", "faster by", self.speedup, self.calls);
    }
}

/// One line for each call; both waterfalls have the time scale of the longer run.
fn waterfall(run: &Outcome, longer: Duration) -> Vec<String> {
    let columns = |time: Duration| {
        let column = time.as_micros() * 32 / longer.as_micros().max(1);
        usize::try_from(column).unwrap_or_default()
    };
    let line = |call: &CallSpan| {
        let (waited, ran) = ("·".repeat(columns(call.waited())), columns(call.ran()).max(1));
        let bar = waited + &"█".repeat(ran);
        format!("#{:<3} {bar:33}{:>6} ms", call.number, call.ran().as_millis())
    };
    run.timeline().calls().iter().map(line).collect()
}

async fn compare(options: Options) -> Result<(), RunError> {
    let agent = agent(options);
    let one_by_one = agent.clone().concurrency(1).run("Fetch all pages").await?;
    let together = agent.run("Fetch all pages").await?;
    // The model counted the good results: a fast run that lost some would be no run.
    for run in [&one_by_one, &together] {
        assert_eq!(run.text(), format!("{} pages", options.calls));
    }
    let figures = Figures::of(options, &one_by_one, &together);
    if options.json {
        println!("{}", serde_json::to_string(&figures).unwrap_or_default());
        return Ok(());
    }
    let Options { calls, ms, .. } = options;
    println!("{calls} calls of {ms} ms in one response; the model is scripted\n");
    println!("{:50}all at once", "one by one");
    let [left, right] = [&one_by_one, &together].map(|run| waterfall(run, one_by_one.elapsed()));
    left.iter().zip(right).for_each(|(left, right)| println!("{left:50}{right}"));
    println!();
    figures.print();
    Ok(())
}

#[derive(Clone, Copy)]
struct Options {
    calls: u32,
    ms: u32,
    json: bool,
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { calls: 5, ms: 800, json: false };
    while let Some(flag) = args.next() {
        let (option, most) = match flag.as_str() {
            "--calls" => (&mut options.calls, 100),
            "--ms" => (&mut options.ms, 10_000),
            "--json" => {
                options.json = true;
                continue;
            }
            _ => return Err(format!("there is no flag `{flag}`")),
        };
        let number = args.next().and_then(|value| value.parse().ok());
        *option = number
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| format!("`{flag}` needs a whole number from 1 to {most}"))?;
    }
    Ok(options)
}

#[tokio::main]
async fn main() -> Result<ExitCode, RunError> {
    match options(std::env::args().skip(1)) {
        Ok(options) => compare(options).await.map(|()| ExitCode::SUCCESS),
        Err(problem) => {
            eprintln!("error: {problem}\nusage: compare [--calls N] [--ms M] [--json]");
            Ok(ExitCode::from(2))
        }
    }
}
