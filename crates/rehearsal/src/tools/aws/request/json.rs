//! JSON given as a parameter, with Python's messages where it is broken.

use serde_json::Value;

/// Reads JSON; the error is the one of Python's `json` module.
pub(in super::super) fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| {
        let said = error.to_string();
        let message = match said.split(" at line").next().unwrap_or_default() {
            "key must be a string" => "Expecting property name enclosed in double quotes",
            "trailing comma" => "Expecting property name enclosed in double quotes",
            "expected `:`" => "Expecting ':' delimiter",
            "expected `,` or `}`" | "expected `,` or `]`" => "Expecting ',' delimiter",
            "EOF while parsing an object" | "EOF while parsing a list" => "Expecting ',' delimiter",
            "EOF while parsing a string" => "Unterminated string starting at",
            "trailing characters" => "Extra data",
            "invalid escape" => "Invalid \\escape",
            other if other.starts_with("control character") => "Invalid control character at",
            _ => "Expecting value",
        };
        let (line, column) = (error.line(), error.column().max(1));
        let before: usize = text
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(|line| line.chars().count())
            .sum();
        format!(
            "{message}: line {line} column {column} (char {})",
            before + column - 1
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_python_s() {
        assert_eq!(
            parse("{\"a\": }").unwrap_err(),
            "Expecting value: line 1 column 7 (char 6)"
        );
        assert_eq!(
            parse("{\n a: 1}").unwrap_err(),
            "Expecting property name enclosed in double quotes: line 2 column 2 (char 3)"
        );
    }
}
