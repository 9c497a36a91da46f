//! Text that comes from outside, made safe for a line of a log or a terminal.

use std::fmt::{self, Write as _};

/// Shows a value so that one event stays one line, that no escape sequence reaches a terminal and
/// that no text runs backwards.
///
/// A value that fails to show itself is shown as far as it goes.
pub(super) struct Escape<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Escape<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut escaping = Escaping::new(f, usize::MAX);
        let _ = write!(escaping, "{}", self.0);
        Ok(())
    }
}

/// So many characters of an item are shown.
pub(super) const ITEM_LIMIT: usize = 256;

/// Shows an item of a queue: its beginning, if it is long.
///
/// Of an item that is too long to be shown, no more is formatted than is shown.
pub(super) struct Item<'a>(pub(super) &'a dyn fmt::Debug);

impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut escaping = Escaping::new(f, ITEM_LIMIT);
        let _ = write!(escaping, "{:?}", self.0);
        if escaping.was_cut {
            f.write_char('…')?;
        }
        Ok(())
    }
}

/// The first bytes of a payload, in quotes.
pub(super) struct Preview<'a>(&'a [u8]);

impl<'a> Preview<'a> {
    /// A preview of `limit` bytes; none where none was asked for.
    pub(super) fn of(data: &'a [u8], limit: usize) -> Option<Self> {
        (limit > 0).then(|| Self(&data[..data.len().min(limit)]))
    }
}

impl fmt::Display for Preview<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.escape_ascii())
    }
}

/// Passes on what is written to it, escaped, until `left` characters were written.
struct Escaping<'a, 'b> {
    out: &'a mut fmt::Formatter<'b>,
    left: usize,
    was_cut: bool,
}

impl<'a, 'b> Escaping<'a, 'b> {
    fn new(out: &'a mut fmt::Formatter<'b>, limit: usize) -> Self {
        Self {
            out,
            left: limit,
            was_cut: false,
        }
    }

    /// As much of `text` as may still be written.
    fn take<'t>(&mut self, text: &'t str) -> &'t str {
        // A character takes one byte at least: most texts need not be counted.
        if text.len() <= self.left {
            self.left -= text.len();
            return text;
        }
        match text.char_indices().nth(self.left) {
            Some((end, _)) => {
                self.left = 0;
                self.was_cut = true;
                &text[..end]
            }
            None => {
                self.left -= text.chars().count();
                text
            }
        }
    }
}

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = self.take(text);
        while let Some((at, unsafe_character)) = rest
            .char_indices()
            .find(|(_, character)| is_unsafe(*character))
        {
            self.out.write_str(&rest[..at])?;
            write!(self.out, "{}", unsafe_character.escape_default())?;
            rest = &rest[at + unsafe_character.len_utf8()..];
        }
        self.out.write_str(rest)?;
        // An error stops the value from formatting what would not be shown.
        if self.was_cut {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

/// Control characters, line and paragraph separators, and what changes the direction of text.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        let escaped = |text: &str| Escape(text).to_string();
        assert_eq!(escaped("a\x1b[31m\nb"), "a\\u{1b}[31m\\nb");
        assert_eq!(escaped("\u{9b}2J\u{85}"), "\\u{9b}2J\\u{85}");
        assert_eq!(escaped("a\u{2028}b\u{202e}c"), "a\\u{2028}b\\u{202e}c");
        assert_eq!(escaped("größe → 東京"), "größe → 東京");
        assert_eq!(
            Escape(format_args!("{}-{}", "ü\r", 1)).to_string(),
            "ü\\r-1"
        );
    }

    #[test]
    fn previews_are_limited_and_quoted() {
        let preview = |data, limit| Preview::of(data, limit).map(|preview| preview.to_string());
        assert_eq!(preview(b"secret", 0), None);
        assert_eq!(preview(b"it's\n", 50).as_deref(), Some(r"'it\'s\n'"));
        assert_eq!(preview(b"0123456789", 3).as_deref(), Some("'012'"));
    }

    #[test]
    fn items_are_cut_at_the_limit() {
        let whole = "ü".repeat(ITEM_LIMIT - 2);
        assert_eq!(Item(&whole).to_string(), format!("\"{whole}\""));
        let longer = "ü".repeat(ITEM_LIMIT);
        let cut = "ü".repeat(ITEM_LIMIT - 1);
        assert_eq!(Item(&longer).to_string(), format!("\"{cut}…"));
    }

    #[test]
    fn no_more_of_an_item_is_formatted_than_is_shown() {
        struct Counted<'a>(&'a Cell<usize>);
        impl fmt::Debug for Counted<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.set(self.0.get() + 1);
                f.write_str("item")
            }
        }
        let formatted = Cell::new(0);
        let items: Vec<_> = (0..100_000).map(|_| Counted(&formatted)).collect();
        assert!(Item(&items).to_string().ends_with('…'));
        assert!(formatted.get() <= ITEM_LIMIT / "item".len());
    }

    #[test]
    fn a_value_that_fails_to_show_itself_loses_only_the_rest() {
        struct Fails;
        impl fmt::Debug for Fails {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("half")?;
                Err(fmt::Error)
            }
        }
        assert_eq!(Item(&Fails).to_string(), "half");
        assert_eq!(Escape(format_args!("{Fails:?}")).to_string(), "half");
    }
}
