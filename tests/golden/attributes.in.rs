/// Type a text.
#[tool]
#[cfg(feature = "keyboard")]
#[cfg_attr(windows, cfg(feature = "win"), tracing::instrument)]
#[cfg_attr(test, must_use)]
#[deprecated]
#[inline]
pub fn r#type(r#in: &mut Keyboard, out: &Screen, r#as: String) {
    r#in.press(out, r#as);
}
