use agent_core::tool;

struct Account(u64);

/// What is on the account.
#[tool(read(account = account))]
fn balance(account: &Account, currency: String) -> String {
    format!("{} {currency}", account.0)
}

fn main() {}
