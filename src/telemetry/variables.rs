//! Reading typed values from variables.

use super::error::InvalidVariable;

/// Where variables come from: the environment, or a test.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads variables and gathers what is wrong with them.
pub(super) struct Variables<'a> {
    lookup: Lookup<'a>,
    invalid: Vec<InvalidVariable>,
}

impl<'a> Variables<'a> {
    pub(super) fn new(lookup: Lookup<'a>) -> Self {
        Self {
            lookup,
            invalid: Vec::new(),
        }
    }

    /// The value of a variable; an empty one counts as unset, as the specification says.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = (self.lookup)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.into())
    }

    /// The first of several variables that is set, read by `parse`, where it makes sense.
    pub(super) fn parse<T>(
        &mut self,
        names: &[&str],
        allowed: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let (name, value) = names
            .iter()
            .find_map(|name| Some((*name, self.text(name)?)))?;
        let parsed = parse(&value);
        if parsed.is_none() {
            self.refuse(name, &value, allowed);
        }
        parsed
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(&mut self, names: &[&str], choices: &[(&str, T)]) -> Option<T> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        self.parse(names, &format!("one of {}", words.join(", ")), |value| {
            choices
                .iter()
                .find(|(word, _)| word.eq_ignore_ascii_case(value))
                .map(|(_, choice)| *choice)
        })
    }

    /// A whole number.
    pub(super) fn number<T: std::str::FromStr>(&mut self, names: &[&str]) -> Option<T> {
        self.parse(names, "a whole number of at least 0", |value| {
            value.parse().ok()
        })
    }

    /// A whole number that is not zero.
    pub(super) fn positive(&mut self, names: &[&str]) -> Option<u64> {
        self.parse(names, "a whole number of at least 1", |value| {
            value.parse().ok().filter(|number| *number > 0)
        })
    }

    /// Notes that a value makes no sense; one that may have secrets in it is not shown.
    pub(super) fn refuse(&mut self, name: &str, value: &str, allowed: &str) {
        let value = if name.ends_with("_HEADERS") {
            "(not shown)"
        } else {
            value
        };
        let invalid = InvalidVariable {
            name: name.into(),
            value: value.into(),
            allowed: allowed.into(),
        };
        // A variable for all signals is read for each.
        if !self.invalid.contains(&invalid) {
            self.invalid.push(invalid);
        }
    }

    /// What was wrong.
    pub(super) fn finish(self) -> Result<(), Vec<InvalidVariable>> {
        if self.invalid.is_empty() {
            Ok(())
        } else {
            Err(self.invalid)
        }
    }
}

/// Reads `key=value,key=value` with percent-encoded values, as headers and attributes are given.
pub(super) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    text.split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let key = key.trim();
            let value = percent_decode(value.trim())?;
            (!key.is_empty()).then(|| (key.into(), value))
        })
        .collect()
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first == b'%' {
            let (digits, tail) = rest.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pairs_are_split_and_decoded() {
        let expected = |pairs: &[(&str, &str)]| {
            Some(
                pairs
                    .iter()
                    .map(|(key, value)| ((*key).into(), (*value).into()))
                    .collect(),
            )
        };
        assert_eq!(
            pairs("a=1, b = x%20y ,"),
            expected(&[("a", "1"), ("b", "x y")])
        );
        assert_eq!(pairs("token=a=b"), expected(&[("token", "a=b")]));
        for wrong in ["a", "=1", "a=%", "a=%zz", "a=%ff"] {
            assert_eq!(pairs(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_is_gathered() {
        let lookup = |name: &str| match name {
            "A" => Some("x".into()),
            "B" => Some(" ".into()),
            _ => None,
        };
        let mut variables = Variables::new(&lookup);
        assert_eq!(variables.number::<u32>(&["B", "A"]), None);
        assert_eq!(variables.choice(&["A"], &[("y", 1), ("z", 2)]), None);
        let invalid = variables.finish().unwrap_err();
        assert_eq!(invalid.len(), 2);
        assert_eq!(
            invalid[1].to_string(),
            "A=\"x\" is not valid: expected one of y, z"
        );
    }

    #[test]
    fn headers_are_not_shown_when_they_are_wrong() {
        let lookup = |_: &str| Some("authorization: Bearer secret".into());
        let mut variables = Variables::new(&lookup);
        let headers = variables.parse(&["OTEL_EXPORTER_OTLP_HEADERS"], "a list", pairs);
        assert_eq!(headers, None);
        let invalid = variables.finish().unwrap_err();
        assert!(!format!("{invalid:?}").contains("secret"), "{invalid:?}");
        assert_eq!(
            invalid[0].to_string(),
            "OTEL_EXPORTER_OTLP_HEADERS=\"(not shown)\" is not valid: expected a list"
        );
    }

    proptest! {
        /// Whatever is encoded is decoded to what it was.
        #[test]
        fn percent_encoding_round_trips(text in "\\PC*") {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(percent_decode(&encoded), Some(text));
        }
    }
}
