//! Parses the options in the parentheses of `#[tool(..)]` and `#[arg(..)]`.

use std::fmt;

use proc_macro2::TokenStream;
use syn::{
    Attribute, Error, Expr, ExprLit, ExprPath, Ident, Lit, LitInt, LitStr, Meta, Path, Result,
    Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
};

use crate::{errors::Errors, unknown::unknown};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    Pure,
    Read,
    Write,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pure => "pure",
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

#[derive(Default)]
pub(crate) struct ToolOptions {
    /// As written: `validate` rejects those that exclude each other.
    pub(crate) access: Vec<(Access, Path)>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) name: Option<LitStr>,
    pub(crate) title: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    pub(crate) timeout: Option<Timeout>,
    pub(crate) inline: Option<Path>,
    pub(crate) blocking: Option<Path>,
    pub(crate) solo: Option<Path>,
    pub(crate) destructive: Option<Path>,
    pub(crate) max_concurrent: Option<LitInt>,
    pub(crate) core: Option<Path>,
    /// Whether one of them could not be read: it may be what declares the access.
    pub(crate) unread: bool,
}

/// `"orders"` or `file = path` in `read(..)` or `write(..)`.
pub(crate) struct Resource {
    pub(crate) access: Access,
    pub(crate) name: LitStr,
    pub(crate) key: Option<Expr>,
}

pub(crate) struct Timeout {
    pub(crate) word: Path,
    pub(crate) millis: u64,
}

impl ToolOptions {
    const WORDS: [&str; 13] = [
        "pure",
        "read",
        "write",
        "destructive",
        "solo",
        "max_concurrent",
        "inline",
        "blocking",
        "timeout",
        "name",
        "title",
        "description",
        "crate",
    ];

    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let Some(written) = errors.ok(list.parse2(tokens)) else {
            options.unread = true;
            return options;
        };
        for option in written {
            let read = options.read(&option);
            options.unread |= errors.ok(read).is_none();
        }
        options
    }

    /// The strongest declared access: claims add up.
    pub(crate) fn access(&self) -> Option<Access> {
        let bare = self.access.iter().map(|(access, _)| *access);
        let destructive = self.destructive.iter().map(|_| Access::Write);
        bare.chain(self.resources.iter().map(|resource| resource.access)).chain(destructive).max()
    }

    fn read(&mut self, option: &Meta) -> Result<()> {
        match word(option).as_str() {
            "pure" => self.read_access(Access::Pure, option),
            "read" => self.read_access(Access::Read, option),
            "write" => self.read_access(Access::Write, option),
            "name" => set(&mut self.name, option, string),
            "title" => set(&mut self.title, option, string),
            "description" => set(&mut self.description, option, string),
            "timeout" => set(&mut self.timeout, option, timeout),
            "inline" => set(&mut self.inline, option, bare),
            "blocking" => set(&mut self.blocking, option, bare),
            "solo" => set(&mut self.solo, option, bare),
            "destructive" => set(&mut self.destructive, option, bare),
            "max_concurrent" => set(&mut self.max_concurrent, option, positive),
            "crate" => set(&mut self.core, option, path),
            _ => Err(unknown(option, &Self::WORDS)),
        }
    }

    fn read_access(&mut self, access: Access, option: &Meta) -> Result<()> {
        if access != Access::Pure && !matches!(option, Meta::Path(_)) {
            self.resources.extend(resources(access, option)?);
            return Ok(());
        }
        if self.access.iter().any(|(given, _)| *given == access) {
            return Err(twice(option));
        }
        self.access.push((access, bare(option)?));
        Ok(())
    }
}

#[derive(Default)]
pub(crate) struct ArgOptions {
    pub(crate) attribute: Option<Attribute>,
    pub(crate) default: Option<DefaultValue>,
    pub(crate) rename: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
}

pub(crate) enum DefaultValue {
    OfType,
    Expr(Box<Expr>),
}

impl ArgOptions {
    const WORDS: [&str; 3] = ["default", "rename", "description"];

    /// Removes the `#[arg]`s from a parameter's attributes and parses them.
    pub(crate) fn take(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        for attribute in attrs.extract_if(.., |attr| attr.path().is_ident("arg")) {
            let written = attribute.parse_args_with(list);
            for option in errors.ok(written).into_iter().flatten() {
                let read = options.read(&option);
                errors.ok(read);
            }
            options.attribute.get_or_insert(attribute);
        }
        options
    }

    fn read(&mut self, option: &Meta) -> Result<()> {
        match word(option).as_str() {
            "default" => set(&mut self.default, option, default_value),
            "rename" => set(&mut self.rename, option, string),
            "description" => set(&mut self.description, option, string),
            _ => Err(unknown(option, &Self::WORDS)),
        }
    }
}

pub(crate) fn list(input: ParseStream) -> Result<Punctuated<Meta, Token![,]>> {
    Punctuated::parse_terminated(input)
}

/// Reads an option's value into its slot, which must still be empty.
pub(crate) fn set<T>(
    slot: &mut Option<T>,
    option: &Meta,
    value: impl FnOnce(&Meta) -> Result<T>,
) -> Result<()> {
    if slot.is_some() {
        return Err(twice(option));
    }
    *slot = Some(value(option)?);
    Ok(())
}

pub(crate) fn word(option: &Meta) -> String {
    option.path().get_ident().map(ToString::to_string).unwrap_or_default()
}

fn twice(option: &Meta) -> Error {
    Error::new_spanned(option.path(), format!("`{}` is given twice", word(option)))
}

pub(crate) fn path(option: &Meta) -> Result<Path> {
    match value(option) {
        Some(Expr::Path(ExprPath { qself: None, path, .. })) => Ok(path.clone()),
        _ => Err(expected_value(option, "some::path")),
    }
}

fn no_resource(access: Access) -> String {
    format!(
        "write `{access}` alone, `{access}(\"orders\")` for a resource, or `{access}(file = path)` for the part that a parameter names"
    )
}

fn resources(access: Access, option: &Meta) -> Result<Vec<Resource>> {
    match option {
        Meta::List(list) if !list.tokens.is_empty() => {
            list.parse_args_with(|input: ParseStream| listed(access, input))
        }
        _ => Err(Error::new_spanned(option, no_resource(access))),
    }
}

fn listed(access: Access, input: ParseStream) -> Result<Vec<Resource>> {
    let mut resources = Vec::new();
    while !input.is_empty() {
        resources.push(resource(access, input)?);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(resources)
}

fn resource(access: Access, input: ParseStream) -> Result<Resource> {
    let name = if input.peek(LitStr) {
        input.parse::<LitStr>()?
    } else {
        let name = input
            .call(Ident::parse_any)
            .map_err(|error| Error::new(error.span(), no_resource(access)))?;
        if !input.peek(Token![=]) {
            let message = format!(
                "write `\"{name}\"` for the whole resource, or `{name} = ..` for the part that a parameter names"
            );
            return Err(Error::new(name.span(), message));
        }
        LitStr::new(&name.unraw().to_string(), name.span())
    };
    if name.value().is_empty() {
        return Err(Error::new_spanned(name, "a resource needs a name"));
    }
    let Some(equals) = input.parse::<Option<Token![=]>>()? else {
        return Ok(Resource { access, name, key: None });
    };
    if input.is_empty() || input.peek(Token![,]) {
        let message = "a key is missing: a parameter, or an expression of parameters";
        return Err(Error::new_spanned(equals, message));
    }
    Ok(Resource { access, name, key: Some(input.parse()?) })
}

fn bare(option: &Meta) -> Result<Path> {
    match option {
        Meta::Path(path) => Ok(path.clone()),
        _ => Err(Error::new_spanned(
            option,
            format!("write `{}` alone: it takes no value", word(option)),
        )),
    }
}

fn positive(option: &Meta) -> Result<LitInt> {
    let number = match value(option) {
        Some(Expr::Lit(ExprLit { lit: Lit::Int(number), .. })) => number.clone(),
        _ => return Err(expected_value(option, "4")),
    };
    match number.base10_parse::<u32>() {
        Ok(1..) => Ok(number),
        _ => Err(Error::new_spanned(number, "write a whole number above zero")),
    }
}

fn string(option: &Meta) -> Result<LitStr> {
    match value(option) {
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Ok(text.clone()),
        _ => Err(expected_value(option, "\"..\"")),
    }
}

fn timeout(option: &Meta) -> Result<Timeout> {
    let text = string(option).map_err(|_| expected_value(option, "\"5s\""))?;
    let millis = millis(&text.value()).filter(|millis| *millis > 0).ok_or_else(|| {
        let message = "write a whole number above zero and its unit, such as `500ms`, `5s` or `2m`";
        Error::new_spanned(&text, message)
    })?;
    Ok(Timeout { word: option.path().clone(), millis })
}

fn millis(text: &str) -> Option<u64> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    number.checked_mul(match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return None,
    })
}

fn default_value(option: &Meta) -> Result<DefaultValue> {
    match option {
        Meta::Path(_) => Ok(DefaultValue::OfType),
        Meta::NameValue(pair) => Ok(DefaultValue::Expr(Box::new(pair.value.clone()))),
        Meta::List(_) => Err(expected_value(option, "..")),
    }
}

/// Unwraps the invisible groups around tokens that a macro inserted.
fn value(option: &Meta) -> Option<&Expr> {
    let Meta::NameValue(pair) = option else {
        return None;
    };
    Some(ungrouped(&pair.value))
}

pub(crate) fn ungrouped(mut expr: &Expr) -> &Expr {
    while let Expr::Group(group) = expr {
        expr = &group.expr;
    }
    expr
}

fn expected_value(option: &Meta, value: &str) -> Error {
    Error::new_spanned(option, format!("write `{} = {value}`", word(option)))
}
