//! Expressions and contexts for them, from a seed.

use serde_json::{Map, Value as Json, json};

use crate::random::Random;

/// An expression and the contexts that it is evaluated in, as JSON text.
pub(crate) struct Case {
    pub(crate) expression: String,
    pub(crate) contexts: String,
}

const CONTEXTS: &[&str] = &["github", "env", "needs", "matrix"];
const KEYS: &[&str] = &["a", "b", "name", "list", "tags", "sub-key", "_x", "Ref"];
const STRINGS: &[&str] = &[
    "",
    "a",
    "B",
    "abc",
    "ABC",
    "main",
    "refs/heads/main",
    " 1 ",
    "12",
    "-3.5",
    "1e3",
    "0x1F",
    "0o17",
    "true",
    "null",
    "it''s",
    "{0}",
    "a,b",
    "é",
    "日本",
    "😀",
    "Ä",
    "ä",
];
/// Strings on which JavaScript and .NET are apart, or that few would write.
const ODD_STRINGS: &[&str] = &[
    "ß",
    "ı",
    "İ",
    "ſ",
    "ΐ",
    "ﬁ",
    "0b11",
    "0X1F",
    "0xFFFFFFFF",
    "infinity",
    "Infinity",
    "-Infinity",
    "NaN",
    "'''' ''''",
    "\u{feff}1",
    "\u{85}1",
    "\u{a0}2\u{a0}",
    "1_000",
    "1.",
    ".5",
    "+7",
    "{{",
    "}}",
    "{",
    "{0:x}",
    "{1}{0}",
    "{255}",
    "{256}",
    "ς",
    "Σ",
    "\t",
    "\n",
];
const NUMBERS: &[&str] = &[
    "0", "1", "2", "-1", "10", "0.5", "-2.25", "100", "0x10", "0o7", "1e2",
];
const ODD_NUMBERS: &[&str] = &[
    "-0",
    "+5",
    ".5",
    "5.",
    "1e-7",
    "1e21",
    "123456789012345678",
    "0.1e-10",
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "-Infinity",
    "0xFFFFFFFF",
    "0x1FFFFFFFF",
    "0.30000000000000004",
    "3.14159265358979",
    "4294967296",
    "1e15",
    "1e14",
    "0.00001",
    "0.0001",
];
const JSONS: &[&str] = &[
    "[1,2,3]",
    "[]",
    "{}",
    r#"{"a":1,"b":[true,null]}"#,
    r#""text""#,
    "null",
    "12.5",
    "true",
    r#"[{"name":"x","tags":["p","q"]},{"name":"y","tags":[]},{"tags":"none"}]"#,
];
const ODD_JSONS: &[&str] = &[
    "",
    " ",
    "{",
    "[1,]",
    "nul",
    r#"{"a":1,"A":2}"#,
    r#"{"10":1,"2":2}"#,
    "1e999",
    "-0",
    "01",
    r#""\u00e9\ud83d\ude00""#,
    r#""\ud800""#,
    "[[[[1]]]]",
    "{\"a\" 1}",
    "\u{feff}1",
    "[NaN]",
    "1 2",
];
const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("contains", 2, 2),
    ("startsWith", 2, 2),
    ("endsWith", 2, 2),
    ("format", 1, 4),
    ("join", 1, 2),
    ("toJSON", 1, 1),
    ("fromJSON", 1, 1),
    ("case", 3, 5),
];

pub(crate) struct Generator {
    random: Random,
    /// Whether this case may hold what both sides are known to be apart on.
    odd: bool,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            odd: false,
        }
    }

    pub(crate) fn case(&mut self) -> Case {
        self.odd = self.random.once_in(4);
        let mut contexts = Map::new();
        for name in CONTEXTS {
            let depth = self.random.below(4);
            contexts.insert((*name).to_owned(), self.value(depth));
        }
        let depth = 1 + self.random.below(5);
        let mut expression = self.expression(depth);
        if self.random.once_in(400) {
            expression = self.long();
        }
        if self.random.once_in(25) {
            expression = self.broken(&expression);
        }
        Case {
            expression,
            contexts: Json::Object(contexts).to_string(),
        }
    }

    fn string(&mut self) -> &'static str {
        if self.odd && self.random.once_in(4) {
            self.random.pick(ODD_STRINGS)
        } else {
            self.random.pick(STRINGS)
        }
    }

    fn value(&mut self, depth: usize) -> Json {
        match self.random.below(if depth == 0 { 5 } else { 9 }) {
            0 => Json::Null,
            1 => json!(self.random.once_in(2)),
            2 => json!(self.random.below(7) as f64 / 2.0 - 1.0),
            3 | 4 => json!(self.string().replace("''", "'")),
            5 | 6 => {
                let n = self.random.below(4);
                (0..n).map(|_| self.value(depth - 1)).collect()
            }
            _ => {
                let n = self.random.below(5);
                let mut map = Map::new();
                for _ in 0..n {
                    let key = self.key();
                    // The same key in another case is for the odd ones.
                    let taken = map.keys().any(|k: &String| k.eq_ignore_ascii_case(&key));
                    if self.odd || !taken {
                        map.insert(key, self.value(depth - 1));
                    }
                }
                Json::Object(map)
            }
        }
    }

    fn key(&mut self) -> String {
        if self.odd && self.random.once_in(6) {
            return (self.random.pick(&["7", "NAME", "ß", "a b", "", "1.5"])).to_owned();
        }
        (self.random.pick(KEYS)).to_owned()
    }

    fn blank(&mut self) -> &'static str {
        self.random.pick(&["", "", "", " ", " ", "  ", "\n", "\t"])
    }

    fn expression(&mut self, depth: usize) -> String {
        let body = match self.random.below(if depth == 0 { 5 } else { 16 }) {
            0 => self.literal(),
            1..=4 => self.path(depth),
            5 => format!("!{}", self.expression(depth - 1)),
            6 | 7 => {
                let op = self.random.pick(&["==", "!=", "<", "<=", ">", ">="]);
                self.binary(op, depth)
            }
            8 | 9 => self.binary("&&", depth),
            10 => self.binary("||", depth),
            11 | 12 => format!("({})", self.expression(depth - 1)),
            _ => self.call(depth),
        };
        format!("{}{body}{}", self.blank(), self.blank())
    }

    fn binary(&mut self, op: &str, depth: usize) -> String {
        let left = self.expression(depth - 1);
        let right = self.expression(depth - 1);
        format!("{left}{op}{right}")
    }

    fn literal(&mut self) -> String {
        match self.random.below(8) {
            0 => "null".to_owned(),
            1 => "true".to_owned(),
            2 => "false".to_owned(),
            3 | 4 if self.odd => (self.random.pick(ODD_NUMBERS)).to_owned(),
            3 | 4 => (self.random.pick(NUMBERS)).to_owned(),
            _ => format!("'{}'", self.string()),
        }
    }

    fn path(&mut self, depth: usize) -> String {
        let mut text = (self.random.pick(CONTEXTS)).to_owned();
        if self.random.once_in(6) {
            text = text.to_uppercase();
        }
        if self.random.once_in(5) && depth > 0 {
            text = match self.random.below(2) {
                0 => format!("({})", self.expression(depth - 1)),
                _ => self.read_json(depth),
            };
        }
        if self.random.once_in(120) {
            text = "nowhere".to_owned();
        }
        for _ in 0..self.random.below(4) {
            let step = match self.random.below(8) {
                0..=2 => {
                    // A property after a dot is a plain name.
                    let key = self.random.pick(KEYS);
                    format!(".{key}")
                }
                3 => ".*".to_owned(),
                4 => "[*]".to_owned(),
                5 => format!("[{}]", self.random.below(4)),
                6 => format!("['{}']", self.key()),
                _ if depth > 0 => format!("[{}]", self.expression(depth - 1)),
                _ => "[0]".to_owned(),
            };
            text.push_str(&step);
        }
        text
    }

    fn read_json(&mut self, depth: usize) -> String {
        if depth > 0 && self.random.once_in(3) {
            return format!("fromJSON(toJSON({}))", self.expression(depth - 1));
        }
        let json = if self.odd && self.random.once_in(2) {
            self.random.pick(ODD_JSONS)
        } else {
            self.random.pick(JSONS)
        };
        format!("fromJSON('{json}')")
    }

    fn call(&mut self, depth: usize) -> String {
        let (name, min, max) = self.random.pick(FUNCTIONS);
        if name == "fromJSON" {
            return self.read_json(depth);
        }
        let mut count = min + self.random.below(max - min + 1);
        if name == "case" && count.is_multiple_of(2) {
            count += 1;
        }
        if self.random.once_in(60) {
            count = self.random.below(6);
        }
        let mut args: Vec<String> = (0..count).map(|_| self.expression(depth - 1)).collect();
        match name {
            "format" if count > 0 => args[0] = self.format_text(count - 1),
            // A predicate must be a boolean: most are made one.
            "case" => {
                for predicate in args.iter_mut().step_by(2).take(count / 2) {
                    if !self.random.once_in(10) {
                        *predicate = format!("!({predicate})");
                    }
                }
            }
            _ => {}
        }
        let name = match self.random.below(12) {
            0 => name.to_uppercase(),
            1 => name.to_lowercase(),
            _ => name.to_owned(),
        };
        let name = if self.random.once_in(200) {
            "unknownFunction"
        } else {
            &name
        };
        let comma = if self.odd && self.random.once_in(60) {
            ","
        } else {
            ""
        };
        format!(
            "{name}{}({}{comma})",
            if self.random.once_in(20) { " " } else { "" },
            args.join(",")
        )
    }

    fn format_text(&mut self, arguments: usize) -> String {
        let mut text = String::new();
        for _ in 0..self.random.below(5) {
            match self.random.below(8) {
                0 => text.push_str("{{"),
                1 => text.push_str("}}"),
                2 => text.push_str("é-"),
                3 => text.push(' '),
                _ if self.random.once_in(25) => {
                    text.push_str(self.random.pick(&["{9}", "{", "}", "{x}", "{ 0}"]))
                }
                _ if arguments == 0 => text.push('x'),
                _ => text.push_str(&format!("{{{}}}", self.random.below(arguments))),
            }
        }
        if self.odd && self.random.once_in(10) {
            text.push_str(
                self.random
                    .pick(&["{0:}", "{0:x}", "{00}", "{0 }", "{999999999999}"]),
            );
        }
        format!("'{text}'")
    }

    /// Near the limits of depth and number of arguments.
    fn long(&mut self) -> String {
        let n = 40 + self.random.below(20);
        match self.random.below(7) {
            0 => format!("{}true", "!".repeat(n)),
            1 => format!("{}true{}", "(".repeat(n), ")".repeat(n)),
            2 => format!("true{}", " && true".repeat(n * 10)),
            3 => format!("1{}", " == 1".repeat(n)),
            4 => format!("github{}", ".a".repeat(n)),
            5 => format!("format('x'{})", ", 1".repeat(200 + n)),
            _ => format!("{}1{}", "toJSON(".repeat(n), ")".repeat(n)),
        }
    }

    /// One character taken away, added or doubled.
    fn broken(&mut self, text: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        let at = self.random.below(chars.len() + 1);
        match self.random.below(3) {
            0 if at < chars.len() => {
                chars.remove(at);
            }
            1 if at < chars.len() => chars.insert(at, chars[at]),
            _ => {
                let junk = [
                    '(', ')', '[', ']', ',', '.', '\'', '"', '&', '=', '*', '-', '#', '\u{a0}',
                ];
                chars.insert(at, self.random.pick(&junk));
            }
        }
        chars.into_iter().collect()
    }
}
