//! The calls: tools of two sizes, and the same handlers written by hand.

use agent_core::tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::future::Future;
use std::hint::black_box;
use std::path::PathBuf;
use std::pin::Pin;

/// Add two numbers.
#[tool(read, inline)]
pub fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Add two numbers, and touch nothing shared.
#[tool(pure, inline)]
pub fn add_pure(a: i64, b: i64) -> i64 {
    a + b
}

#[derive(Deserialize, JsonSchema)]
pub struct Customer {
    id: u64,
    name: String,
    email: String,
    tags: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
pub struct Item {
    sku: String,
    quantity: u32,
    price: f64,
    note: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
pub struct Address {
    street: String,
    city: String,
    zip: String,
    country: Country,
}

#[derive(Deserialize, JsonSchema)]
pub enum Country {
    Germany,
    France,
}

#[derive(Serialize)]
pub struct Receipt {
    customer: u64,
    items: usize,
    total: f64,
    ship_to: String,
}

/// Take a text for a file.
#[tool(write(file = path), inline)]
pub fn put(path: PathBuf, text: &str) -> usize {
    black_box(path).as_os_str().len() + text.len()
}

/// Order items for a customer.
#[tool(read, inline)]
pub fn order(
    customer: Customer,
    items: Vec<Item>,
    address: Address,
    express: Option<bool>,
) -> Receipt {
    receipt(customer, items, address, express)
}

pub fn receipt(
    customer: Customer,
    items: Vec<Item>,
    address: Address,
    express: Option<bool>,
) -> Receipt {
    let used = (&customer.name, &customer.email, &customer.tags, &address.street, &address.zip);
    black_box(used);
    let abroad = matches!(address.country, Country::France);
    let fee = if express.unwrap_or(abroad) { 5.0 } else { 0.0 };
    let price = |item: &Item| {
        black_box((&item.sku, &item.note));
        f64::from(item.quantity) * item.price
    };
    Receipt {
        customer: customer.id,
        items: items.len(),
        total: items.iter().map(price).sum::<f64>() + fee,
        ship_to: address.city,
    }
}

pub const ORDER: &str = r#"{"customer":{"id":4711,"name":"Ada Lovelace","email":"ada@example.org","tags":["vip","early"]},"items":[{"sku":"KB-101","quantity":2,"price":49.9,"note":"German layout"},{"sku":"MS-7","quantity":1,"price":19.5,"note":null},{"sku":"MON-27","quantity":1,"price":289.0,"note":"please check for dead pixels before it is sent"},{"sku":"CBL-USB-C-2M","quantity":4,"price":7.25}],"address":{"street":"Unter den Linden 1","city":"Berlin","zip":"10117","country":"Germany"},"express":true}"#;

pub const PUT: &str =
    r#"{"path":"notes/a.md","text":"All is well, and the next line\nsays so too."}"#;

pub type Handler =
    Box<dyn Fn(&str) -> Pin<Box<dyn Future<Output = Option<String>> + Send>> + Send + Sync>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddArgs {
    a: i64,
    b: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderArgs {
    customer: Customer,
    items: Vec<Item>,
    address: Address,
    express: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutArgs {
    path: PathBuf,
    text: String,
}

pub fn by_hand(names: impl Iterator<Item = String>) -> HashMap<String, Handler> {
    let add = || -> Handler {
        Box::new(|text| {
            let args = serde_json::from_str::<AddArgs>(text);
            Box::pin(async move {
                let AddArgs { a, b } = args.ok()?;
                serde_json::to_string(&(a + b)).ok()
            })
        })
    };
    let order: Handler = Box::new(|text| {
        let args = serde_json::from_str::<OrderArgs>(text);
        Box::pin(async move {
            let OrderArgs { customer, items, address, express } = args.ok()?;
            serde_json::to_string(&receipt(customer, items, address, express)).ok()
        })
    });
    let put: Handler = Box::new(|text| {
        let args = serde_json::from_str::<PutArgs>(text);
        Box::pin(async move {
            let PutArgs { path, text } = args.ok()?;
            serde_json::to_string(&(black_box(path).as_os_str().len() + text.len())).ok()
        })
    });
    let mut table: HashMap<_, _> = names.map(|name| (name, add())).collect();
    table.insert("order".to_owned(), order);
    table.insert("put".to_owned(), put);
    table
}
