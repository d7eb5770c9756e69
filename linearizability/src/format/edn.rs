//! A reader of EDN, the notation of Jepsen's histories.
use crate::{HistoryError, Value};

/// A form. Tags are dropped, sets are read as vectors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Edn {
    Nil,
    Bool(bool),
    Scalar(Value),
    /// Without the colon. Symbols and fractions are read as keywords too: no operation has any.
    Keyword(String),
    Vector(Vec<Edn>),
    Map(Vec<(Edn, Edn)>),
}

impl Edn {
    pub(crate) fn get(&self, key: &str) -> Option<&Edn> {
        let Edn::Map(entries) = self else { return None };
        let is_key = |name: &Edn| matches!(name, Edn::Keyword(name) if name == key);
        entries.iter().find(|(name, _)| is_key(name)).map(|(_, value)| value)
    }
}

/// Reads form after form.
pub(crate) struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

/// Deeper nesting is a mistake, or an attack on the stack.
const DEPTH: usize = 64;

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Reader { rest: text, line: 1 }
    }

    /// The line of the next form.
    pub(crate) fn line(&mut self) -> Result<usize, HistoryError> {
        self.skip_blank(0)?;
        Ok(self.line)
    }

    /// The next form, or none at the end.
    pub(crate) fn next_form(&mut self) -> Result<Option<Edn>, HistoryError> {
        self.skip_blank(0)?;
        if self.rest.is_empty() { Ok(None) } else { self.form(0).map(Some) }
    }

    /// Steps into a vector, if there is one, so that its elements come form by form.
    pub(crate) fn enter_vector(&mut self) -> Result<bool, HistoryError> {
        self.skip_blank(0)?;
        Ok(self.take_if(|c| c == '[' || c == '(').is_some())
    }

    /// Steps out again; false when there is another element.
    pub(crate) fn leave_vector(&mut self) -> Result<bool, HistoryError> {
        self.skip_blank(0)?;
        Ok(self.take_if(|c| c == ']' || c == ')').is_some())
    }

    fn form(&mut self, depth: usize) -> Result<Edn, HistoryError> {
        if depth > DEPTH {
            return Err(self.bad("it nests too deeply"));
        }
        self.skip_blank(depth)?;
        let Some(first) = self.rest.chars().next() else {
            return Err(self.bad("a form is missing at the end"));
        };
        match first {
            '{' => self.map(depth),
            '[' => self.sequence(']', depth),
            '(' => self.sequence(')', depth),
            '"' => self.string(),
            '#' => {
                self.take(1);
                if self.rest.starts_with('{') {
                    return self.sequence('}', depth);
                }
                self.token();
                self.form(depth + 1)
            }
            '}' | ']' | ')' => Err(self.bad(&format!("there is an unexpected `{first}`"))),
            _ => self.atom(),
        }
    }

    fn sequence(&mut self, close: char, depth: usize) -> Result<Edn, HistoryError> {
        self.take(1);
        let mut elements = Vec::new();
        loop {
            self.skip_blank(depth)?;
            if self.take_if(|c| c == close).is_some() {
                return Ok(Edn::Vector(elements));
            }
            elements.push(self.form(depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Edn, HistoryError> {
        self.take(1);
        let mut entries = Vec::new();
        loop {
            self.skip_blank(depth)?;
            if self.take_if(|c| c == '}').is_some() {
                return Ok(Edn::Map(entries));
            }
            let key = self.form(depth + 1)?;
            if entries.iter().any(|(other, _)| *other == key) {
                return Err(self.bad(&format!("a map has the key {key:?} twice")));
            }
            entries.push((key, self.form(depth + 1)?));
        }
    }

    fn string(&mut self) -> Result<Edn, HistoryError> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((place, character)) = characters.next() {
            match character {
                '"' => {
                    self.take(place + 1);
                    return Ok(Edn::Scalar(text.into()));
                }
                '\\' => text.push(match characters.next() {
                    Some((_, 'n')) => '\n',
                    Some((_, 't')) => '\t',
                    Some((_, 'r')) => '\r',
                    Some((_, escaped @ ('"' | '\\'))) => escaped,
                    _ => return Err(self.bad("a string has an unknown escape")),
                }),
                other => text.push(other),
            }
        }
        Err(self.bad("a string has no end"))
    }

    fn atom(&mut self) -> Result<Edn, HistoryError> {
        let token = self.token();
        Ok(match token {
            "" => return Err(self.bad("a form is missing")),
            "nil" => Edn::Nil,
            "true" => Edn::Bool(true),
            "false" => Edn::Bool(false),
            _ => {
                let digits = token.strip_suffix('N').unwrap_or(token);
                match digits.parse::<i64>() {
                    Ok(number) => Edn::Scalar(Value::Number(number)),
                    Err(_) => Edn::Keyword(token.strip_prefix(':').unwrap_or(token).to_owned()),
                }
            }
        })
    }

    fn token(&mut self) -> &'a str {
        let ends = |c: char| c.is_whitespace() || ",;\"{}[]()".contains(c);
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        self.take(end)
    }

    /// Spaces, commas, comments, and forms that `#_` discards.
    fn skip_blank(&mut self, depth: usize) -> Result<(), HistoryError> {
        loop {
            let end = self.rest.find(|c: char| !c.is_whitespace() && c != ',').unwrap_or(self.rest.len());
            self.take(end);
            if self.rest.starts_with(';') {
                self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("#_") {
                self.take(2);
                self.form(depth + 1)?;
            } else {
                return Ok(());
            }
        }
    }

    fn take_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let next = self.rest.chars().next().filter(|next| wanted(*next))?;
        self.take(next.len_utf8());
        Some(next)
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn bad(&self, reason: &str) -> HistoryError {
        HistoryError::Log { line: self.line, reason: reason.to_owned() }
    }
}
