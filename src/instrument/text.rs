//! Text that comes from outside, made safe for a line of a log or a terminal.

use std::fmt::{self, Write as _};

/// Shows text, or bytes as text, without control characters: one event stays one line and no
/// escape sequence reaches a terminal.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Writes whatever is displayed as [`Escaped`] does.
pub(super) struct Escape<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Escape<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Through<'a, 'b>(&'a mut fmt::Formatter<'b>);
        impl fmt::Write for Through<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                write!(self.0, "{}", Escaped(text))
            }
        }
        write!(Through(f), "{}", self.0)
    }
}

/// The first bytes of a payload in quotes, as far as a preview of `limit` bytes was asked for.
pub(super) struct Preview<'a> {
    pub(super) data: &'a [u8],
    pub(super) limit: usize,
}

impl fmt::Display for Preview<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.limit == 0 {
            return Ok(());
        }
        let shown = &self.data[..self.data.len().min(self.limit)];
        write!(f, ": '{}'", shown.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(Escaped("a\x1b[31m\nb").to_string(), "a\\u{1b}[31m\\nb");
        assert_eq!(
            Escape(format_args!("{}-{}", "ü\r", 1)).to_string(),
            "ü\\r-1"
        );
    }

    #[test]
    fn previews_are_limited_and_quoted() {
        assert_eq!(
            Preview {
                data: b"secret",
                limit: 0
            }
            .to_string(),
            ""
        );
        assert_eq!(
            Preview {
                data: b"it's\n",
                limit: 50
            }
            .to_string(),
            r": 'it\'s\n'"
        );
        assert_eq!(
            Preview {
                data: b"0123456789",
                limit: 3
            }
            .to_string(),
            ": '012'"
        );
    }
}
