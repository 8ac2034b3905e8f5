//! Three calls in one response: the weather in Paris and Berlin, and the time in Tokyo.
//!
//! `cargo run --example weather` needs no key and no network: the model is scripted. It is asked
//! twice, as a real one would be, and what it says stands in `model` below. Everything else is as
//! with a real one: the calls are parsed, run together and answered in one batch, and the last
//! text is made of their results.
//!
//! With a key in `ANTHROPIC_API_KEY` the real one is asked: the model that `ANTHROPIC_MODEL` names, at
//! `ANTHROPIC_BASE_URL` if that is set. The question may stand on the command line.

use std::env;
use std::error::Error;
use std::time::{Duration, SystemTime};

use agent_core::providers::Anthropic;
use agent_core::{
    Agent, ModelErrorKind, Response, ScriptedModel, ToolError, ToolResult, tool, tools,
};
use tokio::time::sleep;

/// Made up, but always the same.
const WEATHER: [(&str, &str); 4] = [
    ("Berlin", "light rain, 14 °C"),
    ("Paris", "sunny, 21 °C"),
    ("Rome", "clear, 26 °C"),
    ("Tokyo", "windy, 18 °C"),
];

/// Hours ahead of UTC, of cities without summer time.
const ZONES: [(&str, u64); 3] = [("Nairobi", 3), ("Singapore", 8), ("Tokyo", 9)];

/// The weather in a city right now.
#[tool(read)]
async fn get_weather(
    /// The city's English name.
    city: &str,
) -> Result<&'static str, ToolError> {
    // As a weather service would take.
    sleep(Duration::from_millis(700)).await;
    let known = WEATHER.iter().find(|(name, _)| *name == city);
    // The model reads this, and is told to correct the call.
    let known = known.ok_or_else(|| {
        let names = WEATHER.map(|(name, _)| name).join(", ");
        ToolError::retry(format!("no weather for {city}, only for {names}"))
    });
    known.map(|(_, weather)| *weather)
}

/// The time in a city right now.
#[tool(read)]
async fn get_time(
    /// The city's English name.
    city: &str,
) -> Result<String, ToolError> {
    sleep(Duration::from_millis(400)).await;
    let zone = ZONES.iter().find(|(name, _)| *name == city);
    let (_, ahead) =
        zone.ok_or_else(|| ToolError::retry(format!("the time zone of {city} is not known")))?;
    let utc = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let minutes = (utc / 60 + ahead * 60) % (24 * 60);
    Ok(format!("{:02}:{:02}", minutes / 60, minutes % 60))
}

/// What the model says. It takes half a second to say it, twice.
fn model() -> ScriptedModel {
    ScriptedModel::new()
        .latency(Duration::from_millis(500))
        .turn(|_| {
            Response::new()
                .call("get_weather", r#"{"city": "Paris"}"#)
                .call("get_weather", r#"{"city": "Berlin"}"#)
                .call("get_time", r#"{"city": "Tokyo"}"#)
        })
        .turn(|request| {
            let results: Vec<_> = request.results().iter().map(ToolResult::text).collect();
            let [paris, berlin, tokyo] = results[..] else {
                return Response::new()
                    .with_text("I asked for three things and did not get three.");
            };
            Response::new()
                .with_text(format!("Paris: {paris}. Berlin: {berlin}. It is {tokyo} in Tokyo."))
        })
}

/// The real model if there is a key, else the script.
fn agent() -> Result<Agent, Box<dyn Error>> {
    let name = env::var("ANTHROPIC_MODEL").unwrap_or_else(|_| "claude-sonnet-4-6".to_owned());
    match Anthropic::from_env(name) {
        Ok(model) => {
            println!("(The weather is made up, the time is real.)\n");
            Ok(Agent::new(model))
        }
        Err(error) if error.kind() == ModelErrorKind::Configuration => {
            println!("(The model is scripted. The weather is made up, the time is real.)\n");
            Ok(Agent::new(model()))
        }
        Err(error) => Err(error.into()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let question = env::args().nth(1).unwrap_or_else(|| {
        "What is the weather in Paris and Berlin, and what time is it in Tokyo?".to_owned()
    });
    let agent = agent()?.tools(tools![get_weather, get_time]);
    let outcome = agent.run(&question).await?;

    println!("You:   {question}");
    println!("Agent: {}\n", outcome.text());
    println!("{}", outcome.timeline());
    if let Some(origin) = outcome.response().and_then(Response::origin) {
        let usage = outcome.usage();
        println!(
            "{} answered, {} tokens in and {} out",
            origin.model, usage.input_tokens, usage.output_tokens
        );
    }
    Ok(())
}
