//! Where the parts of an expression stand in the file that it was written in.

use std::ops::Range;

use crate::place::{Place, Source};

/// How the text of an expression, as YAML gives it, lies in the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Origin {
    /// On one line, written as it is read, this many bytes behind the start of its place.
    Line(usize),
    /// Over several lines, in pieces that are written as they are read.
    Pieces(Vec<Piece>),
    /// Written otherwise than it is read, as in a string with escapes.
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    /// The byte of the expression with which the piece begins.
    at: usize,
    place: Place,
}

impl Origin {
    /// Finds `text` in what `place` names.
    pub(crate) fn find(text: &str, place: &Place, source: &Source<'_>) -> Origin {
        let Some(raw) = place.excerpt(source.text) else {
            return Origin::Unknown;
        };
        // Block scalars begin with a header line.
        let header = if raw.starts_with(['|', '>']) {
            raw.find('\n').map_or(raw.len(), |at| at + 1)
        } else {
            0
        };
        let body = &raw[header..];
        let opening = if body.starts_with("${{") { 3 } else { 0 };
        let lead = body[opening..]
            .find(|c: char| !c.is_whitespace())
            .unwrap_or(0);
        let mut start = header + opening + lead;
        if opening == 0 && raw[start..].starts_with(['"', '\'']) && !raw[start..].starts_with(text)
        {
            start += 1;
        }
        let one_line = !raw[..start].contains(['\n', '\r']) && !text.contains(['\n', '\r']);
        if one_line && raw[start..].starts_with(text) {
            return Origin::Line(start);
        }
        pieces(text, place.span.start + start..place.span.end, source)
    }

    /// The place of some bytes of `text`, which was found in `whole`.
    pub(crate) fn place(&self, span: &Range<usize>, text: &str, whole: &Place) -> Place {
        match self {
            Origin::Unknown => whole.clone(),
            Origin::Line(lead) => {
                let start = whole.span.start + lead;
                // Before the expression stand only braces, a quote and blanks.
                let before = lead + text.get(..span.start).map_or(0, |t| t.chars().count());
                Place {
                    file: whole.file.clone(),
                    line: whole.line,
                    column: whole.column + before as u32,
                    span: start + span.start..start + span.end,
                }
            }
            Origin::Pieces(pieces) => {
                let of = |byte: usize| {
                    let next = pieces.partition_point(|p| p.at <= byte);
                    pieces
                        .get(next.saturating_sub(1))
                        .map(|p| (p, byte.saturating_sub(p.at)))
                };
                let ends = (of(span.start), of(span.end.saturating_sub(1)));
                let (Some((first, skipped)), Some((last, end))) = ends else {
                    return whole.clone();
                };
                let before = text.get(first.at..first.at + skipped);
                Place {
                    file: whole.file.clone(),
                    line: first.place.line,
                    column: first.place.column + before.map_or(0, |t| t.chars().count()) as u32,
                    span: first.place.span.start + skipped..last.place.span.start + end + 1,
                }
            }
        }
    }
}

/// Cuts the text where the file has other white space than the text.
fn pieces(text: &str, within: Range<usize>, source: &Source<'_>) -> Origin {
    let Some(raw) = source.text.get(within.clone()) else {
        return Origin::Unknown;
    };
    let visible = |c: &(usize, char)| !c.1.is_whitespace();
    let mut written = raw.char_indices().filter(visible);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut shift = None;
    for (at, wanted) in text.char_indices().filter(visible) {
        let Some((raw_at, found)) = written.next() else {
            return Origin::Unknown;
        };
        if found != wanted {
            return Origin::Unknown;
        }
        let gap = raw_at.checked_sub(at);
        if shift != Some(gap) {
            shift = Some(gap);
            let start = within.start + raw_at;
            let end = start + found.len_utf8();
            let place = source.place(start..end);
            pieces.push(Piece { at, place });
        }
    }
    Origin::Pieces(pieces)
}
