//! What has become of generated files since they were written.

use saphyr_parser::{Event, Parser};

use crate::file::{GeneratedFile, is_untouched};
use crate::pins::without_pins;

/// How a file in the repository compares with the one that would be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is none yet.
    Missing,
    /// It is what would be written, to the byte.
    Same,
    /// It means what would be written; somebody changed comments, layout or pins.
    SameMeaning,
    /// It means what would be written; nobody has edited it, and its comments are out of date.
    Reworded,
    /// The rules or lockkeeper have moved on; nobody has edited the file.
    Outdated,
    /// Somebody has edited it, or lockkeeper did not write it.
    Edited,
}

impl Standing {
    /// The name for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Same => "same",
            Self::SameMeaning => "same_meaning",
            Self::Reworded => "reworded",
            Self::Outdated => "outdated",
            Self::Edited => "edited",
        }
    }

    /// Whether the file no longer says what the rules ask for.
    pub const fn is_drift(self) -> bool {
        matches!(self, Self::Missing | Self::Outdated | Self::Edited)
    }
}

/// Compares `generated` with what the repository has in its place.
pub fn compare(generated: &GeneratedFile, present: Option<&[u8]>) -> Standing {
    let Some(present) = present else {
        return Standing::Missing;
    };
    if present == generated.bytes {
        return Standing::Same;
    }
    let Ok(present) = std::str::from_utf8(present) else {
        return Standing::Edited;
    };
    match (
        same_meaning(&generated.path, generated.text(), present),
        is_untouched(present),
    ) {
        (true, true) => Standing::Reworded,
        (true, false) => Standing::SameMeaning,
        (false, true) => Standing::Outdated,
        (false, false) => Standing::Edited,
    }
}

fn same_meaning(path: &str, ours: &str, theirs: &str) -> bool {
    let (ours, theirs) = (
        without_pins(ours),
        without_pins(&theirs.replace("\r\n", "\n")),
    );
    if ours == theirs {
        return true;
    }
    path.ends_with(".yml")
        && matches!((events(&ours), events(&theirs)), (Some(ours), Some(theirs)) if ours == theirs)
}

/// What a YAML parser sees, without comments, styles and layout. Aliases make two texts incomparable.
fn events(text: &str) -> Option<Vec<String>> {
    Parser::new_from_str(text)
        .map(|event| match event.ok()?.0 {
            Event::Alias(_) => None,
            Event::Scalar(value, style, ..) => Some(format!(
                "{} {value}",
                style == saphyr_parser::ScalarStyle::Plain && is_typed(&value)
            )),
            Event::SequenceStart(..) => Some("[".to_owned()),
            Event::SequenceEnd => Some("]".to_owned()),
            Event::MappingStart(..) => Some("{".to_owned()),
            Event::MappingEnd => Some("}".to_owned()),
            _ => Some(String::new()),
        })
        .collect()
}

/// Whether this plain scalar is read as something else than a string.
fn is_typed(value: &str) -> bool {
    matches!(value, "" | "~" | "null" | "true" | "false")
        || value.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
}
