//! Text of strangers on its way to a terminal.

use lockkeeper_rehearsal::report::is_obeyed;

/// Text that cannot steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if is_obeyed(c) { '\u{fffd}' } else { c })
        .collect()
}

/// The same for a page, with its lines and our own styles: what drew it took away all others.
pub(crate) fn printable_page(text: &str) -> String {
    let own = ['\n', '\u{1b}'];
    text.chars()
        .map(|c| match is_obeyed(c) && !own.contains(&c) {
            true => '\u{fffd}',
            false => c,
        })
        .collect()
}
