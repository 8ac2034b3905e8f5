//! Accounts and orders in a database file: what may run together does, and the money is right.
//!
//! `cargo run --example orders -- [--json]`
//!
//! A transfer reads two balances, works for a while, and writes them. Two of one account at the same
//! time would lose money; a transaction around all of it would make every transfer wait for every
//! other, because the database has one writer. Here the tools say which accounts they touch. In the
//! waterfall, see the reads go together, transfers between other accounts beside them, and those of
//! one account in the model's order: Ben can pay for the lamp only with what Ada sent him.
//!
//! At last the same calls run one by one on a second database, and the two are compared.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use agent_core::{
    Agent, Outcome, ParallelToolCalls, Response, ScriptedModel, ToolError, ToolResult, tool, tools,
};
use rusqlite::{Connection, TransactionBehavior::Immediate};
use serde::Serialize;

/// What each call takes, besides the database.
const WORK: Duration = Duration::from_millis(300);

const TABLES: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE accounts (name TEXT PRIMARY KEY, cents INTEGER NOT NULL);
    CREATE TABLE orders (account TEXT NOT NULL, item TEXT NOT NULL, cents INTEGER NOT NULL);
    INSERT INTO accounts VALUES ('Ada', 10000), ('Ben', 2000), ('Cleo', 5000), ('Dan', 2000);
    INSERT INTO orders VALUES ('Ben', 'desk', 12000);";

/// The database. Each call has a connection of its own: behind a lock, one would make all wait.
struct Bank(PathBuf);

impl Bank {
    fn create(path: PathBuf) -> rusqlite::Result<Self> {
        let bank = Self(path);
        bank.connect()?.execute_batch(TABLES)?;
        Ok(bank)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let bank = Connection::open(&self.0)?;
        bank.busy_timeout(Duration::from_secs(5))?;
        Ok(bank)
    }

    /// All that is in it.
    fn content(&self) -> rusqlite::Result<Vec<String>> {
        let bank = self.connect()?;
        let mut lines = bank.prepare(
            "SELECT printf('%s has %.2f', name, cents / 100.0) FROM accounts UNION ALL
             SELECT printf('%s ordered a %s for %.2f', account, item, cents / 100.0) FROM orders
             ORDER BY 1",
        )?;
        lines.query_map([], |line| line.get(0))?.collect()
    }
}

fn cents(bank: &Connection, account: &str) -> Result<i64, ToolError> {
    let query = "SELECT cents FROM accounts WHERE name = ?1";
    bank.query_row(query, [account], |row| row.get(0))
        .map_err(|error| ToolError::new(format!("account {account}: {error}")))
}

fn set_cents(bank: &Connection, account: &str, cents: i64) -> rusqlite::Result<usize> {
    bank.execute("UPDATE accounts SET cents = ?2 WHERE name = ?1", (account, cents))
}

/// What is left of an account after a payment.
fn rest(account: &str, cents: i64, payment: u32) -> Result<i64, ToolError> {
    let rest = cents - i64::from(payment);
    match rest < 0 {
        true => Err(ToolError::retry(format!("{account} has only {}", money(cents)))),
        false => Ok(rest),
    }
}

fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// How much money is in an account.
#[tool(read(account = account))]
fn balance(bank: &Bank, account: &str) -> Result<String, ToolError> {
    let cents = cents(&bank.connect()?, account)?;
    sleep(WORK);
    Ok(money(cents))
}

/// What was ordered from an account.
#[tool(read(orders = account))]
fn orders_of(bank: &Bank, account: &str) -> rusqlite::Result<Vec<String>> {
    let bank = bank.connect()?;
    let mut query = bank.prepare("SELECT item FROM orders WHERE account = ?1 ORDER BY rowid")?;
    let items = query.query_map([account], |row| row.get(0))?.collect();
    sleep(WORK);
    items
}

/// Move money from one account to another.
#[tool(write(account = from, account = to))]
fn transfer(bank: &Bank, from: &str, to: &str, amount: u32) -> Result<(), ToolError> {
    if from == to {
        return Err(ToolError::retry("the two accounts are one"));
    }
    let mut bank = bank.connect()?;
    let (left, right) = (rest(from, cents(&bank, from)?, amount)?, cents(&bank, to)?);
    sleep(WORK);
    let change = bank.transaction_with_behavior(Immediate)?;
    set_cents(&change, from, left)?;
    set_cents(&change, to, right + i64::from(amount))?;
    Ok(change.commit()?)
}

/// Order an item, and pay for it from an account.
#[tool(write(account = account, orders = account))]
fn order(bank: &Bank, account: &str, item: &str, price: u32) -> Result<(), ToolError> {
    let mut bank = bank.connect()?;
    let left = rest(account, cents(&bank, account)?, price)?;
    sleep(WORK);
    let change = bank.transaction_with_behavior(Immediate)?;
    set_cents(&change, account, left)?;
    change.execute("INSERT INTO orders VALUES (?1, ?2, ?3)", (account, item, price))?;
    Ok(change.commit()?)
}

const QUESTION: &str = "Ada sends Ben 60.00, who orders a lamp for 70.00; Cleo sends Dan 15.00, who \
    sends Ada 5.00.\n       What do Ada and Ben have before and after, and what has Ben ordered?";

fn model() -> ScriptedModel {
    ScriptedModel::new()
        .turn(|_| {
            Response::new()
                .call("balance", r#"{"account": "Ada"}"#)
                .call("balance", r#"{"account": "Ben"}"#)
                .call("transfer", r#"{"from": "Ada", "to": "Ben", "amount": 6000}"#)
                .call("order", r#"{"account": "Ben", "item": "lamp", "price": 7000}"#)
                .call("transfer", r#"{"from": "Cleo", "to": "Dan", "amount": 1500}"#)
                .call("transfer", r#"{"from": "Dan", "to": "Ada", "amount": 500}"#)
                .call("balance", r#"{"account": "Ada"}"#)
                .call("balance", r#"{"account": "Ben"}"#)
                .call("orders_of", r#"{"account": "Ben"}"#)
        })
        .turn(|request| {
            let results: Vec<_> = request.results().iter().map(ToolResult::text).collect();
            let [ada, ben, _, _, _, _, ada_after, ben_after, orders] = &results[..] else {
                return Response::new().with_text("Some results are missing.");
            };
            Response::new().with_text(format!(
                "Ada had {ada} and has {ada_after}. Ben had {ben} and has {ben_after}; \
                 he ordered {orders}."
            ))
        })
}

/// A run on a new database, and what is in that at the end.
async fn run(
    path: PathBuf,
    parallel: ParallelToolCalls,
) -> Result<(Outcome, Vec<String>), Box<dyn Error>> {
    let bank = Arc::new(Bank::create(path)?);
    let tools = tools![balance, order, orders_of, transfer].with_state_arc(bank.clone());
    let outcome =
        Agent::new(model()).parallel_tool_calls(parallel).tools(tools).run(QUESTION).await?;
    Ok((outcome, bank.content()?))
}

/// All in milliseconds.
#[derive(Serialize)]
struct Figures {
    serial_ms: f64,
    measured_ms: f64,
    critical_path_ms: f64,
    equal: bool,
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e4).round() / 10.0
}

async fn compare(folder: &Path, json: bool) -> Result<bool, Box<dyn Error>> {
    let (outcome, content) = run(folder.join("together.db"), ParallelToolCalls::Auto).await?;
    let timeline = outcome.timeline();
    if !json {
        println!("(The model is scripted; the database is real.)\n");
        println!("You:   {QUESTION}\nAgent: {}\n", outcome.text());
        println!("{timeline}\n");
        println!("Now the same one by one, on a new database ..\n");
    }
    let (one_by_one, expected) =
        run(folder.join("one-by-one.db"), ParallelToolCalls::Never).await?;
    if let Some(failed) = one_by_one.transcript().results().find(|result| result.is_error()) {
        return Err(failed.text().into());
    }
    let [results, others] = [&outcome, &one_by_one].map(|run| run.transcript().results());
    let equal =
        content == expected && results.map(ToolResult::text).eq(others.map(ToolResult::text));
    let figures = Figures {
        serial_ms: ms(one_by_one.elapsed()),
        measured_ms: ms(outcome.elapsed()),
        critical_path_ms: ms(timeline.critical_path()),
        equal,
    };
    if json {
        println!("{}", serde_json::to_string(&figures)?);
        return Ok(equal);
    }
    println!("one by one       {:>6.0} ms", figures.serial_ms);
    println!("together         {:>6.0} ms", figures.measured_ms);
    println!("critical path    {:>6.0} ms\n", figures.critical_path_ms);
    match equal {
        true => println!("Both databases end the same:\n  {}", content.join("\n  ")),
        false => println!("The databases differ: {content:#?} and one by one {expected:#?}"),
    }
    Ok(equal)
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let json = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--json") => true,
        Some(other) => {
            eprintln!("error: there is no flag `{other}`\nusage: orders [--json]");
            return Ok(ExitCode::from(2));
        }
    };
    let folder = tempfile::tempdir()?;
    let equal = compare(folder.path(), json).await?;
    Ok(if equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
